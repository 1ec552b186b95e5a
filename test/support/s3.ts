import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openS3Store } from "../../src/backup/store/s3-store.ts";
import type { S3Options } from "../../src/backup/store/s3/options.ts";
import type { Store } from "../../src/backup/store/store.ts";
import { freePort } from "./studio.ts";

export interface TestS3 {
  endpoint: string;
  /** Creates an empty bucket and tells its name. */
  createBucket(features?: { objectLock: boolean }): Promise<string>;
  /** Ends the server at once. */
  crash(): void;
  stop(): Promise<void>;
}

export const credentials = { accessKeyId: "AKIDTESTKEY", secretAccessKey: "test/secret+key" };

/**
 * Starts an S3 server, Debian's python3-moto, on a free loopback port. Returns null, and prints
 * why, where there is none.
 * @param env further variables of the server
 */
export async function startS3(env: Record<string, string> = {}): Promise<TestS3 | null> {
  const program = find("moto_server");
  if (program === null) {
    process.stderr.write("Tests on S3 are left out: python3-moto is not installed.\n");
    return null;
  }
  const port = await freePort();
  // It leaves files behind when it is killed.
  const folder = mkdtempSync(join(tmpdir(), "studio-s3-"));
  const server = spawn(program, ["-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
    env: { ...process.env, TMPDIR: folder, ...env },
  });
  const stop = stopper(server, folder);
  try {
    await untilReady(server, port);
  } catch (error) {
    await stop();
    throw error;
  }
  const endpoint = `http://127.0.0.1:${port}`;
  let created = 0;
  return {
    endpoint,
    stop,
    crash: () => void server.kill("SIGKILL"),
    async createBucket({ objectLock } = { objectLock: false }) {
      created += 1;
      const name = `bucket-${process.pid}-${created}`;
      await request(`${endpoint}/${name}`, objectLock);
      return name;
    },
  };
}

async function request(url: string, objectLock: boolean): Promise<void> {
  // The server takes requests without a signature unless it is told to check them.
  const headers = objectLock ? { "x-amz-bucket-object-lock-enabled": "true" } : undefined;
  const response = await fetch(url, { method: "PUT", ...(headers && { headers }) });
  if (!response.ok) throw new Error(`The bucket was not created: ${await response.text()}`);
}

/** A store in a bucket, with what the tests do not care about filled in. */
export function s3Store(
  options: Pick<S3Options, "bucket" | "endpoint"> & Partial<S3Options>,
): Promise<Store> {
  return openS3Store({
    prefix: "backups/",
    region: "us-east-1",
    pathStyle: true,
    credentials,
    now: () => new Date(),
    ...options,
  });
}

function find(name: string): string | null {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

async function untilReady(server: ChildProcess, port: number): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await answers(port))) {
    if (server.exitCode !== null) throw new Error("The S3 server ended at once.");
    if (Date.now() > deadline) throw new Error("The S3 server does not answer.");
    await sleep(100);
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ host: "127.0.0.1", port });
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

function stopper(server: ChildProcess, folder: string): () => Promise<void> {
  const atExit = (): void => void server.kill("SIGKILL");
  process.once("exit", atExit);
  return async () => {
    process.off("exit", atExit);
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
