import { rmSync } from "node:fs";
import { type Server, createServer } from "node:http";
import { ownIdentity } from "../../../shell/process-identity.ts";
import { tryControl } from "./control-client.ts";
import { removeSupervisor, supervisorProtocol, writeSupervisor } from "./instance-file.ts";
import { type InstanceState, Instances, type StartRequest } from "./instances.ts";
import { supervisorSocket } from "./runtime-folder.ts";

interface SupervisorSettings {
  /** Where instance files lie. */
  runFolder: string;
  socketFolder: string;
  logFolder: string;
  address: { host: string; port: number };
}

export interface SupervisorState {
  protocol: number;
  address: { host: string; port: number };
  instances: InstanceState[];
}

interface Surroundings {
  stdin: NodeJS.ReadableStream;
  env: Record<string, string | undefined>;
  /** Told to end: SIGTERM from whoever manages the machine's services, or SIGINT. */
  signal: AbortSignal;
}

/**
 * Waits for the line that says the process is in the journal, then supervises. Without it studio
 * died in between, and nobody would know of this process.
 */
export async function superviseWhenTold(
  settings: SupervisorSettings,
  { stdin, env, signal }: Surroundings,
): Promise<void> {
  let told = "";
  for await (const chunk of stdin) told += String(chunk);
  if (told.trim() === "go" && !signal.aborted) await supervise(settings, env, signal);
}

/**
 * Holds the bare listening socket of an environment and the processes that serve on it: starts
 * them, starts them again when they die, and can itself die or be replaced without losing either.
 * Told to end, it lets the releases finish their requests and ends after them.
 */
async function supervise(
  settings: SupervisorSettings,
  env: Surroundings["env"],
  signal: AbortSignal,
): Promise<void> {
  const { runFolder, socketFolder, logFolder, address } = settings;
  const instances = new Instances({ runFolder, logFolder, env });
  const ended = Promise.withResolvers<void>();
  const server = controlServer(address, instances, ended.resolve);
  const socket = supervisorSocket(socketFolder);
  if (!(await takeSocket(server, socket))) return;
  const identity = ownIdentity();
  writeSupervisor(runFolder, { identity, address, socket, protocol: supervisorProtocol });
  const watch = setInterval(() => instances.watchAdopted(), 500);
  const close = () => void instances.close().then(ended.resolve, ended.reject);
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) close();
  await ended.promise;
  clearInterval(watch);
  server.close();
  removeSupervisor(runFolder);
  rmSync(socket, { force: true });
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
  address: SupervisorSettings["address"],
  instances: Instances,
  end: () => void,
): Server {
  const state = (): SupervisorState => ({
    protocol: supervisorProtocol,
    address,
    instances: instances.states(),
  });
  /** Each answers with what is sent as JSON; null means that there is no such thing. */
  const routes: Record<string, (body: never) => unknown> = {
    "GET /state": state,
    "POST /start": (body: StartRequest) => {
      instances.start(body);
      return state();
    },
    "POST /keep": (body: { release: string; keep: boolean }) =>
      instances.keep(body.release, body.keep) ? {} : null,
    "POST /stop": async (body: { release: string; grace: number }) => {
      await instances.stop(body.release, body.grace);
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
