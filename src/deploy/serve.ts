import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { probeVariable } from "../deploy-probe.ts";
import { type Daemon, type DaemonSpec, startDaemon } from "../server/daemon.ts";
import { createConsoleLogger } from "../server/logging.ts";
import { daemonSettings } from "./daemon-settings.ts";
import { prepareFreshDatabase } from "./fresh-database.ts";
import { describeAddress } from "./release.ts";
import { packageRoot } from "../package-root.ts";
import { describeService, studioWords } from "../service/service.ts";
import { requireKey } from "./require-key.ts";
import { healthTelling } from "./tell-health.ts";
import { incidentsOf } from "./open-incidents.ts";
import { modelFolders } from "./project-folders.ts";
import type { Workplace } from "./workplace.ts";

/** What was typed in place of the settings. */
export interface Serving {
  host: string | null;
  port: number | null;
  /** Absolute folders in place of those of the project. */
  models: readonly string[] | null;
}

export interface DaemonInput extends Serving {
  signal: AbortSignal;
}

export interface ForegroundInput extends DaemonInput {
  stdout: NodeJS.WritableStream;
  listening(url: string): void;
}

/** A daemon in this process, until the signal. */
export async function serveInForeground(place: Workplace, input: ForegroundInput): Promise<void> {
  const { desk, project } = place;
  const spec = await describeDaemon(place, input);
  const { host, port } = spec.serve;
  const daemon = await startDaemon({
    ...spec,
    privateSocket: null,
    descriptors: [],
    listen: { host, port },
    crashes: { file: crashFile(place, { host, port }), endedBy: null },
    logger: createConsoleLogger(input.stdout, {
      level: project.settings.log.level,
      environment: desk.environment,
    }),
  });
  input.listening(describeAddress(daemon.address() ?? { host, port }));
  await untilStopped(daemon, input.signal, spec.serve.shutdown);
}

/** What the daemon of a folder is told, whatever process it is in; its database is there then. */
export async function describeDaemon(
  place: Workplace,
  input: DaemonInput,
): Promise<Omit<DaemonSpec, "privateSocket" | "descriptors" | "listen" | "logger">> {
  const { project, desk, database, variables, onSecret } = place;
  const { settings, directory } = project;
  const { serve, ...secrets } = await daemonSettings({
    settings,
    directory,
    env: variables,
    onSecret,
  });
  const listen = { host: input.host ?? serve.host, port: input.port ?? serve.port };
  await requireKey(place, listen.host, secrets.keys.length);
  for (const folder of [
    desk.paths.root,
    ...(database.file === null ? [] : [dirname(database.file)]),
  ]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  await prepareFreshDatabase(place, input.signal);
  return {
    // In a container the release is known from outside.
    release: variables["STUDIO_RELEASE"] || "unreleased",
    version: desk.version,
    environment: desk.environment,
    serve: { ...serve, ...listen },
    ...secrets,
    probeToken: variables[probeVariable] || null,
    modelFolders: input.models ?? modelFolders(project),
    database,
    storage: desk.paths.root,
    acceptAtOnce: true,
    openIncidents: incidentsOf(desk),
    ...(settings.notify.routes.length === 0 ? {} : { tellHealth: tellingOf(place) }),
  };
}

/** Resolves when the daemon is closed; one that holds a stuck run takes its process along. */
export async function untilStopped(
  daemon: Daemon,
  signal: AbortSignal,
  drain: number,
): Promise<void> {
  const stop = () => void daemon.stop(drain);
  if (signal.aborted) stop();
  signal.addEventListener("abort", stop, { once: true });
  await daemon.closed;
  if (daemon.gaveUp) process.kill(process.pid, "SIGKILL");
}

function tellingOf({ project, variables }: Workplace) {
  const service = describeService(project, process.execPath, packageRoot);
  const [node = service.node, program = service.program, ...words] = studioWords(service, []);
  const { directory } = project;
  return healthTelling({ command: [node, program], words, directory, env: variables });
}

/** One file for each address: daemons at two of them run at the same time. */
function crashFile({ desk }: Workplace, { host, port }: { host: string; port: number }): string {
  const folder = desk.paths.run;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, `foreground-${host.replaceAll(/[^\w.-]/g, "_")}-${port}.crashes`);
}
