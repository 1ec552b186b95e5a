import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { daemonSettings } from "../../daemon-settings.ts";
import { incidentsOf } from "../../open-incidents.ts";
import { healthTelling } from "../../tell-health.ts";
import { resolveDatabase } from "../../environment-database.ts";
import { resolveVariables } from "../../../config/variables.ts";
import { startDaemon } from "../../../server/daemon.ts";
import { createLogger } from "../../../server/logging.ts";
import { statePaths } from "../../../state.ts";
import { codeFolder, readReleaseRecord, releaseFolder } from "../../release.ts";
import { asLocal } from "./local-release.ts";
import { type InstanceOrder, supervisorCommand } from "./commands.ts";
import { siteOf } from "./local-site.ts";
import { inheritedSockets, replaceLostSupervisor } from "./replace-supervisor.ts";
import { crashFile, maintenanceFile } from "./runtime-folder.ts";

export interface InstanceInput {
  order: InstanceOrder;
  /** Take public traffic as soon as ready: a restart after a crash. */
  accept: boolean;
  /** The signal that ended the process before this one; null where nobody saw it end. */
  endedBy: string | null;
  env: Record<string, string | undefined>;
  signal: AbortSignal;
}

/** The process of one release: a daemon on its private socket, and on the public one when told. */
export async function runInstance(input: InstanceInput): Promise<void> {
  const { directory, environment, release: id } = input.order;
  const paths = statePaths(directory, environment);
  const release = asLocal(readReleaseRecord(paths, id));
  const site = siteOf(paths, release);
  const variables = resolveVariables({ settings: release.settings, directory, env: input.env });
  mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
  const logger = createLogger({
    file: join(paths.logs, `${id}.log`),
    errorsFile: join(paths.logs, "errors.log"),
    level: variables.LOG_LEVEL?.toLowerCase() ?? release.settings.log.level,
    environment,
    rotation: { age: release.settings.log.keep },
  });
  const { descriptors, spare } = inheritedSockets();
  const command = supervisorCommand(codeFolder(paths, release.code.digest), release);
  const words = ["--env", environment];
  const tellHealth = healthTelling({ command, words, directory, env: input.env });
  const daemon = await startDaemon({
    release: id,
    version: release.studio,
    environment,
    ...(await daemonSettings({ settings: release.settings, directory, env: variables })),
    modelFolders: [join(releaseFolder(paths, id), "models")],
    database: await resolveDatabase({ settings: release.settings, directory, env: variables }),
    privateSocket: site.socketPath,
    descriptors,
    listen: null,
    acceptAtOnce: input.accept,
    maintenanceFile: maintenanceFile(site.runFolder, id),
    crashes: { file: crashFile(site.runFolder, id), endedBy: input.endedBy },
    openIncidents: incidentsOf({ paths, environment }),
    ...(release.settings.notify.routes.length === 0 ? {} : { tellHealth }),
    logger,
  });
  const stop = () => void daemon.stop(release.settings.deploy.drain);
  if (input.signal.aborted) stop();
  else input.signal.addEventListener("abort", stop, { once: true });
  const watch = replaceLostSupervisor({ daemon, site, command, spare, env: input.env });
  await daemon.closed;
  if (daemon.gaveUp) process.kill(process.pid, "SIGKILL");
  clearInterval(watch);
}
