import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { probeVariable } from "../deploy-probe.ts";
import { startDaemon } from "../server/daemon.ts";
import { createConsoleLogger } from "../server/logging.ts";
import { stateOfKey } from "../keys/key-store.ts";
import { needsKey } from "../server/authentication.ts";
import { daemonSettings } from "./daemon-settings.ts";
import { prepareFreshDatabase } from "./fresh-database.ts";
import { withKeys } from "./key-database.ts";
import { usageError } from "../errors.ts";
import { describeAddress } from "./release.ts";
import { packageRoot } from "../package-root.ts";
import { describeService, studioWords } from "../service/service.ts";
import { healthTelling } from "./tell-health.ts";
import { modelFolders } from "./project-folders.ts";
import type { Workplace } from "./workplace.ts";

export interface ForegroundInput {
  host: string | null;
  port: number | null;
  /** Absolute folders in place of those of the project. */
  models: readonly string[] | null;
  stdout: NodeJS.WritableStream;
  signal: AbortSignal;
  listening(url: string): void;
}

/** A daemon in this process, until the signal. */
export async function serveInForeground(place: Workplace, input: ForegroundInput): Promise<void> {
  const { project, desk, database, variables, onSecret } = place;
  const { settings, directory } = project;
  const surroundings = { settings, directory, env: variables, onSecret };
  const { serve, ...secrets } = await daemonSettings(surroundings);
  const listen = { host: input.host ?? serve.host, port: input.port ?? serve.port };
  if (needsKey(listen.host, serve.auth.required, secrets.keys.length)) {
    await requireKey(place, listen.host, secrets.keys.length);
  }
  for (const folder of [
    desk.paths.root,
    ...(database.file === null ? [] : [dirname(database.file)]),
  ]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  await prepareFreshDatabase(place, input.signal);
  const daemon = await startDaemon({
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
    privateSocket: null,
    descriptors: [],
    listen,
    acceptAtOnce: true,
    crashes: { file: crashFile(place, listen), endedBy: null },
    ...(settings.notify.routes.length === 0 ? {} : { tellHealth: tellingOf(place) }),
    logger: createConsoleLogger(input.stdout, {
      level: settings.log.level,
      environment: desk.environment,
    }),
  });
  input.listening(describeAddress(daemon.address() ?? listen));
  const stop = () => void daemon.stop(serve.shutdown);
  if (input.signal.aborted) stop();
  input.signal.addEventListener("abort", stop, { once: true });
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

/** A daemon that nobody can ask is refused at once, with what makes a key. */
async function requireKey(place: Workplace, host: string, configured: number): Promise<void> {
  if (configured > 0) return;
  const keys = await withKeys(place, (store) => store.list());
  const now = place.desk.now();
  if (keys.some((key) => stateOfKey(key, now) === "valid")) return;
  throw usageError(
    `The API at ${host} needs a key for every request, and there is none.`,
    "`studio key create --role admin` makes one; or set serve.host to 127.0.0.1.",
  );
}
