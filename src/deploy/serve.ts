import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { startDaemon } from "../server/daemon.ts";
import { createConsoleLogger } from "../server/logging.ts";
import { resolveKeys } from "./environment-keys.ts";
import { describeAddress } from "./release.ts";
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
  const { project, desk, database, variables } = place;
  const { settings, directory } = project;
  const { serve } = settings;
  const listen = { host: input.host ?? serve.host, port: input.port ?? serve.port };
  if (database.file !== null) mkdirSync(dirname(database.file), { recursive: true, mode: 0o700 });
  const daemon = await startDaemon({
    release: "unreleased",
    version: desk.version,
    environment: desk.environment,
    serve: { ...serve, ...listen },
    keys: await resolveKeys({ settings, directory, env: variables }),
    modelFolders: input.models ?? modelFolders(project),
    database,
    privateSocket: null,
    descriptors: [],
    listen,
    acceptAtOnce: true,
    logger: createConsoleLogger(input.stdout, { environment: desk.environment }),
  });
  input.listening(describeAddress(daemon.address() ?? listen));
  const stop = () => void daemon.stop(serve.shutdown);
  if (input.signal.aborted) stop();
  input.signal.addEventListener("abort", stop, { once: true });
  await daemon.closed;
  if (daemon.gaveUp) process.kill(process.pid, "SIGKILL");
}
