import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, rmSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { identifyProcess, isAlive, ownIdentity } from "../../../shell/process-identity.ts";
import { tryControl } from "./control-client.ts";
import {
  type InstanceFile,
  readInstances,
  removeInstance,
  removeSupervisor,
  supervisorProtocol,
  writeInstance,
  writeSupervisor,
} from "./instance-file.ts";
import { supervisorSocket } from "./runtime-folder.ts";

/**
 * Each instance inherits the listening socket this many times, from descriptor 3 on: one is used
 * up each time it starts to accept, and the last is kept for a supervisor it may have to start.
 */
export const inheritedCopies = 6;

/** The listening socket in the supervisor. It is never opened here: who opens it, accepts. */
export const heldDescriptor = 3;

export interface SupervisorSettings {
  /** Where instance files lie. */
  runFolder: string;
  socketFolder: string;
  logFolder: string;
  address: { host: string; port: number };
  env: Record<string, string | undefined>;
}

interface Instance extends InstanceFile {
  child: ChildProcess | null;
  env: Record<string, string | undefined>;
  /** Deaths in a row. */
  restarts: number;
  /** Milliseconds since 1970 at which it was started, or taken over. */
  since: number;
  exit: { code: number | null; signal: string | null } | null;
  stopping: boolean;
}

/** A release that has run for so many milliseconds dies for the first time again. */
const settled = 60_000;

export interface SupervisorState {
  protocol: number;
  address: { host: string; port: number };
  instances: {
    release: string;
    pid: number;
    alive: boolean;
    keep: boolean;
    restarts: number;
    exit: Instance["exit"];
  }[];
}

export interface StartRequest {
  release: string;
  command: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
}

/**
 * Holds the bare listening socket of an environment and the processes that serve on it: starts
 * them, starts them again when they die, and can itself die or be replaced without losing either.
 */
async function supervise(settings: SupervisorSettings): Promise<void> {
  const instances = new Map<string, Instance>();
  for (const file of readInstances(settings.runFolder)) adopt(settings, instances, file);
  const ended = Promise.withResolvers<void>();
  const server = controlServer(settings, instances, ended.resolve);
  if (!(await takeSocket(server, supervisorSocket(settings.socketFolder)))) return;
  writeSupervisor(settings.runFolder, {
    identity: ownIdentity(),
    address: settings.address,
    socket: supervisorSocket(settings.socketFolder),
    protocol: supervisorProtocol,
  });
  const watch = setInterval(() => watchAdopted(settings, instances), 500);
  await ended.promise;
  clearInterval(watch);
  server.close();
  removeSupervisor(settings.runFolder);
  rmSync(supervisorSocket(settings.socketFolder), { force: true });
}

/**
 * Waits for the line that says the process is in the journal, then supervises. Without it studio
 * died in between, and nobody would know of this process.
 */
export async function superviseWhenTold(
  settings: Omit<SupervisorSettings, "env">,
  stdin: NodeJS.ReadableStream,
  env: Record<string, string | undefined>,
): Promise<void> {
  let told = "";
  for await (const chunk of stdin) told += String(chunk);
  if (told.trim() === "go") await supervise({ ...settings, env });
}

/** One supervisor per environment: false where another one answers already. */
async function takeSocket(server: Server, path: string): Promise<boolean> {
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(path, () => resolve());
    });
  try {
    await listen();
  } catch {
    const other = await tryControl({ socketPath: path, path: "/state", timeout: 2000 });
    if (other !== null) return false;
    rmSync(path, { force: true });
    await listen();
  }
  return true;
}

function controlServer(
  settings: SupervisorSettings,
  instances: Map<string, Instance>,
  end: () => void,
): Server {
  const routes: Record<string, (body: never) => unknown> = {
    "GET /state": () => stateOf(settings, instances),
    "POST /start": (body: StartRequest) => {
      start(settings, instances, body);
      return stateOf(settings, instances);
    },
    "POST /keep": (body: { release: string; keep: boolean }) => {
      const instance = instances.get(body.release);
      if (instance === undefined) return null;
      instance.keep = body.keep;
      writeInstance(settings.runFolder, fileOf(instance));
      return {};
    },
    "POST /stop": async (body: { release: string; grace: number }) => {
      await stop(settings, instances, body.release, body.grace);
      return {};
    },
    "POST /shutdown": () => {
      setImmediate(end);
      return {};
    },
  };
  return createServer((request, response) => {
    let text = "";
    request.on("data", (chunk) => (text += String(chunk)));
    request.on("end", () => {
      const route = routes[`${request.method} ${request.url}`];
      const answer = async () =>
        route === undefined ? null : route(JSON.parse(text || "null") as never);
      answer().then(
        (value) => response.writeHead(value === null ? 404 : 200).end(JSON.stringify(value)),
        (error: unknown) => response.writeHead(500).end(JSON.stringify({ message: String(error) })),
      );
    });
  });
}

function stateOf(settings: SupervisorSettings, instances: Map<string, Instance>): SupervisorState {
  return {
    protocol: supervisorProtocol,
    address: settings.address,
    instances: [...instances.values()].map((instance) => ({
      release: instance.release,
      pid: instance.identity.pid,
      alive: isAlive(instance.identity),
      keep: instance.keep,
      restarts: instance.restarts,
      exit: instance.exit,
    })),
  };
}

function start(
  settings: SupervisorSettings,
  instances: Map<string, Instance>,
  request: StartRequest,
): void {
  const known = instances.get(request.release);
  if (known !== undefined && isAlive(known.identity)) return;
  const log = openSync(join(settings.logFolder, `${request.release}.out`), "a", 0o600);
  const [file = "", ...argv] = request.command;
  const child = spawn(file, argv, {
    cwd: request.cwd,
    env: request.env,
    // A group of its own: a Ctrl-C meant for studio must not reach it.
    detached: true,
    stdio: ["ignore", log, log, ...Array.from({ length: inheritedCopies }, () => heldDescriptor)],
  });
  closeSync(log);
  const instance: Instance = {
    ...request,
    identity: identifyProcess(child.pid ?? 0),
    keep: known?.keep ?? false,
    child,
    restarts: known?.restarts ?? 0,
    since: Date.now(),
    exit: null,
    stopping: false,
  };
  instances.set(request.release, instance);
  writeInstance(settings.runFolder, fileOf(instance));
  child.on("error", () => {});
  child.on("exit", (code, signal) => {
    instance.exit = { code, signal };
    void mourn(settings, instances, instance);
  });
}

/** What follows a death that nobody asked for. Waits longer after each in a row, up to 30 s. */
async function mourn(
  settings: SupervisorSettings,
  instances: Map<string, Instance>,
  instance: Instance,
): Promise<void> {
  if (instance.stopping || !instance.keep) return;
  instance.restarts = Date.now() - instance.since > settled ? 1 : instance.restarts + 1;
  await sleep(Math.min(30_000, 250 * 2 ** Math.min(instance.restarts - 1, 7)));
  const { release, cwd, env, stopping, keep } = instance;
  if (stopping || !keep || instances.get(release) !== instance) return;
  const command = [...instance.command.filter((word) => word !== "--accept"), "--accept"];
  start(settings, instances, { release, command, cwd, env });
}

async function stop(
  settings: SupervisorSettings,
  instances: Map<string, Instance>,
  release: string,
  grace: number,
): Promise<void> {
  const instance = instances.get(release);
  if (instance === undefined) {
    removeInstance(settings.runFolder, release);
    return;
  }
  instance.stopping = true;
  instance.keep = false;
  const { identity } = instance;
  const deadline = Date.now() + grace;
  signalProcess(identity.pid, "SIGTERM", isAlive(identity));
  while (isAlive(identity) && Date.now() < deadline) await sleep(50);
  signalProcess(identity.pid, "SIGKILL", isAlive(identity));
  while (isAlive(identity)) await sleep(20);
  instances.delete(release);
  removeInstance(settings.runFolder, release);
}

function signalProcess(pid: number, signal: NodeJS.Signals, alive: boolean): void {
  if (!alive) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** Takes over a process that a supervisor before this one had started. */
function adopt(
  settings: SupervisorSettings,
  instances: Map<string, Instance>,
  file: InstanceFile,
): void {
  if (!isAlive(file.identity) && !file.keep) {
    removeInstance(settings.runFolder, file.release);
    return;
  }
  instances.set(file.release, {
    ...file,
    child: null,
    env: settings.env,
    restarts: 0,
    since: Date.now(),
    exit: null,
    stopping: false,
  });
}

function watchAdopted(settings: SupervisorSettings, instances: Map<string, Instance>): void {
  for (const instance of instances.values()) {
    if (instance.child !== null || instance.exit !== null || isAlive(instance.identity)) continue;
    instance.exit = { code: null, signal: null };
    void mourn(settings, instances, instance);
  }
}

function fileOf(instance: Instance): InstanceFile {
  const { release, identity, command, cwd, keep } = instance;
  return { release, identity, command, cwd, keep };
}
