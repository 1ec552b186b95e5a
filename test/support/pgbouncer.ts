import { spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type TestPostgres, otherAccount, query } from "./postgres.ts";
import { freePort } from "./studio.ts";

export interface TestPooler {
  /** The address of a database of the server, through the pooler. */
  urlOf(database: string): string;
  stop(): Promise<void>;
}

export interface PoolerOptions {
  mode: "session" | "transaction" | "statement";
  size: number;
  roundRobin: boolean;
}

/** Starts a PgBouncer before a server; null, with the reason printed, where none is installed. */
export async function startPooler(
  { user, password, host, port }: TestPostgres,
  { mode, size, roundRobin }: PoolerOptions,
): Promise<TestPooler | null> {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"];
  const program = folders
    .map((folder) => join(folder, "pgbouncer"))
    .find((file) => existsSync(file));
  const account = process.getuid?.() === 0 ? otherAccount() : undefined;
  if (program === undefined || account === null) {
    process.stderr.write("Tests with a pooler are left out: pgbouncer is not installed.\n");
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), "studio-pgbouncer-"));
  const own = await freePort();
  const file = join(folder, "pgbouncer.ini");
  writeFileSync(
    file,
    `[databases]
* = host=${host} port=${port} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = ${size}
server_round_robin = ${roundRobin ? 1 : 0}
ignore_startup_parameters = extra_float_digits
logfile = ${join(folder, "log")}
`,
    { mode: 0o600 },
  );
  if (account !== undefined) {
    for (const path of [folder, file]) chownSync(path, account.uid, account.gid);
  }
  const pooler = spawn(program, ["-q", file], { ...account, cwd: folder, stdio: "ignore" });
  const ended = new Promise((resolve) => pooler.once("exit", resolve));
  const urlOf = (database: string): string => `postgres://${user}@127.0.0.1:${own}/${database}`;
  const stop = async (): Promise<void> => {
    pooler.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilReady(urlOf("postgres"));
  } catch (error) {
    await stop();
    throw error;
  }
  return { urlOf, stop };
}

async function untilReady(url: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      await query(url, "SELECT 1");
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
