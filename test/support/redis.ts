import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./studio.ts";

export interface TestRedis {
  port: number;
  password: string;
  url: string;
  /** Lets it answer nobody, as a machine does that hangs; and again. */
  freeze(): void;
  thaw(): void;
  /** Ends it; `start` starts it on the same port, empty. */
  end(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a Redis server of its own from the system's binary, on a free loopback port, with a
 * password and without persistence. Returns null, and prints why, where there is none.
 */
export async function startRedis(): Promise<TestRedis | null> {
  const file = find("redis-server");
  if (file === null) {
    process.stderr.write("Tests on Redis are left out: redis-server is not installed.\n");
    return null;
  }
  const password = randomBytes(12).toString("hex");
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "studio-redis-"));
  let server: ChildProcess;
  const start = async (): Promise<void> => {
    const common = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder];
    const options = [...common, "--save", "", "--requirepass", password];
    server = spawn(file, options, { stdio: "ignore" });
    await untilOpen(port, server);
  };
  const end = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    server.kill("SIGKILL");
    await once(server, "exit");
  };
  await start();
  return {
    port,
    password,
    url: `redis://:${password}@127.0.0.1:${port}/0`,
    freeze: () => void server.kill("SIGSTOP"),
    thaw: () => void server.kill("SIGCONT"),
    end,
    start,
    async stop() {
      await end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A sentinel that knows the server as its master; null where there is none to start. */
export async function startSentinel(
  redis: TestRedis,
  master: string,
): Promise<{ port: number; stop(): Promise<void> } | null> {
  const file = find("redis-server");
  if (file === null) return null;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "studio-sentinel-"));
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `dir ${folder}`,
    `sentinel monitor ${master} 127.0.0.1 ${redis.port} 1`,
    `sentinel auth-pass ${master} ${redis.password}`,
  ];
  const configuration = join(folder, "sentinel.conf");
  writeFileSync(configuration, `${lines.join("\n")}\n`);
  const sentinel = spawn(file, [configuration, "--sentinel"], { stdio: "ignore" });
  await untilOpen(port, sentinel);
  return {
    port,
    async stop() {
      sentinel.kill("SIGKILL");
      await once(sentinel, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function untilOpen(port: number, server: ChildProcess): Promise<void> {
  for (let waited = 0; waited < 20_000; waited += 20) {
    if (server.exitCode !== null) throw new Error("the server ended");
    if (await isOpen(port)) return;
    await sleep(20);
  }
  throw new Error("the server did not open its port");
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function find(program: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((file) => existsSync(file)) ?? null;
}
