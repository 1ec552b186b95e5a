import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startDaemon } from "../server/daemon.ts";
import { createLogger } from "../server/logging.ts";
import { packageRoot } from "../package-root.ts";
import { describeService } from "../service/service.ts";
import { type DetachedDaemon, daemonLog } from "./daemon-record.ts";
import { describeDaemon, untilStopped } from "./serve.ts";
import { daemonSite } from "./targets/local/local-site.ts";
import { inheritedSockets, replaceLostSupervisor } from "./targets/local/replace-supervisor.ts";
import { crashFile } from "./targets/local/runtime-folder.ts";
import type { Workplace } from "./workplace.ts";

export interface DetachedInput {
  daemon: DetachedDaemon;
  /** The signal that ended the process before this one; null where nobody saw it end. */
  endedBy: string | null;
  signal: AbortSignal;
}

/** The process of the daemon that `serve --detach` starts, on the socket of its supervisor. */
export async function serveDetached(place: Workplace, input: DetachedInput): Promise<void> {
  const { desk, project, variables } = place;
  const { daemon: order, signal, endedBy } = input;
  const { paths, environment } = desk;
  const site = daemonSite(paths, order);
  const { descriptors, spare } = inheritedSockets();
  const spec = await describeDaemon(place, { ...order.address, models: order.models, signal });
  mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
  const daemon = await startDaemon({
    ...spec,
    privateSocket: site.socketPath,
    descriptors,
    listen: null,
    crashes: { file: crashFile(site.runFolder, order.id), endedBy },
    logger: createLogger({
      file: daemonLog(paths, order),
      errorsFile: join(paths.logs, "errors.log"),
      level: project.settings.log.level,
      environment,
      rotation: { age: project.settings.log.keep },
    }),
  });
  const { node, program } = describeService(project, process.execPath, packageRoot);
  const command = [node, program];
  const watch = replaceLostSupervisor({ daemon, site, command, spare, env: variables });
  await untilStopped(daemon, signal, spec.serve.shutdown);
  clearInterval(watch);
}
