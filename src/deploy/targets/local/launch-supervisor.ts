import { type SpawnOptions, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { type Server, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, systemCode } from "../../../errors.ts";
import { type ProcessIdentity, identifyProcess } from "../../../shell/process-identity.ts";
import { tryControl } from "./control-client.ts";
import type { SupervisorState } from "./supervisor.ts";
import { supervisorSocket } from "./runtime-folder.ts";

export interface LaunchInput {
  /** Node, and the arguments up to the hidden command. */
  command: readonly string[];
  runFolder: string;
  socketFolder: string;
  logFolder: string;
  address: { host: string; port: number };
  env: Record<string, string | undefined>;
  /** Journals the process before it is let run. */
  onStart(identity: ProcessIdentity): void;
  /** Called once it was let run. */
  onTold?(): void;
}

/**
 * Opens the environment's listening socket and starts a supervisor that holds it.
 * @throws StudioError `port.taken` when another program listens there
 */
export async function openListener(input: LaunchInput): Promise<void> {
  mkdirSync(input.runFolder, { recursive: true, mode: 0o700 });
  mkdirSync(input.logFolder, { recursive: true, mode: 0o700 });
  await untilFree(() => listenAndHandOver(input));
  input.onTold?.();
  await supervisorAnswers(input.socketFolder);
}

/**
 * A studio that died while it started a supervisor leaves one that ends by itself, once it has come
 * so far as to see that nobody tells it to go on; until then it holds the socket.
 */
async function untilFree(listen: () => Promise<void>): Promise<void> {
  for (let waited = 0; ; waited += 100) {
    try {
      return await listen();
    } catch (error) {
      const isTaken = error instanceof StudioError && error.code === "port.taken";
      if (!isTaken || waited >= orphanPatience) throw error;
      await sleep(100);
    }
  }
}

/** How long such a supervisor may take to start, on a machine that is busy, in milliseconds. */
const orphanPatience = 5000;

async function listenAndHandOver(input: LaunchInput): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, input.address)));
    // Spawned in the very turn that opens the socket: the event loop has not polled it yet, so
    // this process never accepts a connection that belongs to the release.
    server.listen(input.address, () => {
      try {
        startSupervisor(input, descriptorOf(server));
        resolve();
      } catch (error) {
        reject(error);
      } finally {
        server.close();
      }
    });
  });
}

/** Starts a supervisor on a descriptor of a socket that is open already. */
export function startSupervisor(input: LaunchInput, descriptor: number): void {
  const log = openSync(join(input.logFolder, "supervisor.out"), "a", 0o600);
  const options: SpawnOptions = {
    cwd: input.runFolder,
    env: input.env,
    detached: true,
    stdio: ["pipe", log, log, descriptor],
  };
  const [file = "", ...argv] = input.command;
  const child = spawn(file, [...argv, ...supervisorArguments(input)], options);
  closeSync(log);
  child.on("error", () => {});
  if (child.pid !== undefined) input.onStart(identifyProcess(child.pid));
  // The supervisor waits for this line: had studio died before the process was journaled, it
  // would have found the pipe closed and ended.
  child.stdin?.on("error", () => {});
  child.stdin?.end("go\n");
  child.unref();
}

function supervisorArguments(input: LaunchInput): string[] {
  const { runFolder, socketFolder, logFolder, address } = input;
  return ["__supervise", JSON.stringify({ runFolder, socketFolder, logFolder, address })];
}

async function supervisorAnswers(folder: string): Promise<void> {
  const socketPath = supervisorSocket(folder);
  for (let waited = 0; waited < 10_000; waited += 50) {
    const answer = await tryControl<SupervisorState>({ socketPath, path: "/state", timeout: 1000 });
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new StudioError({
    code: "supervisor.silent",
    message: "The supervisor was started, but does not answer on its socket.",
    hint: "Its last words are in .studio/logs/<environment>/supervisor.out.",
    exitCode: exitCodes.unavailable,
  });
}

/** Node has no public name for the descriptor of a listening server. */
function descriptorOf(server: Server): number {
  // oxlint-disable-next-line no-underscore-dangle
  return (server as unknown as { _handle: { fd: number } })._handle.fd;
}

export function listenError(
  error: Error,
  address: { host: string; port: number },
): StudioError | Error {
  const where = `${address.host}:${address.port}`;
  const code = systemCode(error);
  if (code === "EADDRINUSE") {
    return new StudioError({
      code: "port.taken",
      message: `Another program listens on ${where}.`,
      hint: `Stop it (\`ss -ltnp 'sport = :${address.port}'\` names it), or set another serve.port in studio.yaml or API_PORT.`,
      exitCode: exitCodes.unavailable,
      cause: error,
    });
  }
  if (code === "EACCES" || code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
    return new StudioError({
      code: "port.refused",
      message: `studio cannot listen on ${where}: ${error.message}.`,
      hint: "Set serve.host to an address of this machine and serve.port to 1024 or above.",
      exitCode: exitCodes.unavailable,
      cause: error,
    });
  }
  return error;
}
