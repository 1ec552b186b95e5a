import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { copyOfPrepared } from "./prepared.ts";

export interface TestPostgres {
  host: string;
  port: number;
  user: string;
  password: string;
  /** Creates an empty database and tells its URL. */
  createDatabase(): Promise<string>;
  /** The URL of a database that need not exist. */
  urlOf(database: string, login?: { user: string; password: string }): string;
  /** Ends the server at once, as a crash does. */
  crash(): void;
  /** Ends it in good order; `start` starts it again, with its data, on the same port. */
  end(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

export interface Account {
  uid: number;
  gid: number;
}

const user = "studio";

/**
 * Starts a PostgreSQL server of its own from the system's binaries, on a free loopback port, with
 * password authentication and without durability. Returns null, and prints why, where there are
 * no binaries or no account to run them.
 */
export async function startPostgres(): Promise<TestPostgres | null> {
  const binaries = findBinaries();
  if (binaries === null) return unavailable("initdb and postgres are not installed");
  // The server refuses to run as root.
  const isRoot = process.getuid?.() === 0;
  const account = isRoot ? otherAccount() : undefined;
  if (account === null) return unavailable("root needs an account postgres or nobody to run it");

  const folder = copyOfPrepared("postgres", (empty) => initialise(binaries, empty, account));
  const password = readFileSync(join(folder, "password"), "utf8");
  const port = await freePort();
  const launch = (): ChildProcess =>
    spawn(join(binaries, "postgres"), serverArguments(join(folder, "data"), port), {
      ...account,
      cwd: folder,
      env: environment(),
      stdio: "ignore",
    });
  let server = launch();
  const atExit = (): void => {
    server.kill("SIGQUIT");
  };
  process.once("exit", atExit);
  const stop = async (): Promise<void> => {
    process.off("exit", atExit);
    // "Immediate shutdown", for nobody reads the data again.
    await endServer(server, "SIGQUIT");
    rmSync(folder, { recursive: true, force: true });
  };
  const urlOf = (database: string, login = { user, password }) =>
    `postgres://${login.user}:${login.password}@127.0.0.1:${port}/${database}`;
  try {
    await untilReady(urlOf("postgres"), server);
  } catch (error) {
    await stop();
    throw error;
  }
  let created = 0;
  return {
    host: "127.0.0.1",
    port,
    user,
    password,
    urlOf,
    stop,
    // No session is told to end, and nothing is written.
    crash: () => void server.kill("SIGQUIT"),
    // "Fast shutdown": what was committed is written.
    end: () => endServer(server, "SIGINT"),
    async start() {
      server = launch();
      await untilReady(urlOf("postgres"), server);
    },
    createDatabase: async () => {
      const name = `test_${++created}`;
      await query(urlOf("postgres"), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
  };
}

/** Makes the data of a new server in a folder, owned by the account that will run it. */
function initialise(binaries: string, folder: string, account: Account | undefined): void {
  const passwordFile = join(folder, "password");
  writeFileSync(passwordFile, randomBytes(12).toString("hex"), { mode: 0o600 });
  if (account !== undefined) {
    for (const path of [folder, passwordFile]) chownSync(path, account.uid, account.gid);
  }
  const login = ["-U", user, "-A", "scram-sha-256", "--pwfile", passwordFile];
  const data = ["-D", join(folder, "data"), "--no-sync", "--encoding=UTF8", "--locale=C"];
  execFileSync(join(binaries, "initdb"), [...data, ...login], {
    ...account,
    cwd: folder,
    env: environment(),
    stdio: "ignore",
  });
}

function environment(): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LC_ALL: "C", TZ: "UTC" };
}

/** Runs one statement on a connection of its own. */
export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

function findBinaries(): string | null {
  const installed = "/usr/lib/postgresql";
  const versions = existsSync(installed)
    ? readdirSync(installed).sort((one, other) => Number(other) - Number(one))
    : [];
  const folders = [
    ...versions.map((version) => join(installed, version, "bin")),
    ...(process.env["PATH"] ?? "").split(delimiter),
  ];
  const complete = (folder: string) =>
    existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres"));
  return folders.find(complete) ?? null;
}

export function otherAccount(): Account | null {
  for (const name of ["postgres", "nobody"]) {
    try {
      const [uid, gid] = ["-u", "-g"].map((option) =>
        Number(execFileSync("id", [option, name], { stdio: ["ignore", "pipe", "ignore"] })),
      );
      if (uid !== undefined && gid !== undefined) return { uid, gid };
    } catch {
      // No such account: the next one.
    }
  }
  return null;
}

function serverArguments(data: string, port: number): string[] {
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: "off",
    synchronous_commit: "off",
    full_page_writes: "off",
    shared_buffers: "16MB",
    max_connections: "60",
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", data, "-p", String(port), ...options];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function untilReady(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      await query(url, "SELECT 1");
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** https://www.postgresql.org/docs/current/server-shutdown.html says what the signals do. */
async function endServer(server: ChildProcess, signal: "SIGINT" | "SIGQUIT"): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill(signal);
  await ended;
}

function unavailable(reason: string): null {
  process.stderr.write(`Tests on PostgreSQL are left out: ${reason}.\n`);
  return null;
}
