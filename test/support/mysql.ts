import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chownSync, existsSync, rmSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { copyOfPrepared } from "./prepared.ts";
import { freePort } from "./studio.ts";

export interface TestMysql {
  port: number;
  password: string;
  /** Creates an empty database and tells its URL. */
  createDatabase(): string;
  urlOf(database: string): string;
  /** Runs statements as the operator's user; one line per row, values between tabs. */
  query(database: string, sql: string): string[];
  /** Starts a client that runs statements from its standard input. */
  client(database: string): ChildProcess;
  /** Ends the server at once, as a crash does. */
  crash(): void;
  stop(): Promise<void>;
}

/** A quote, a backslash, a space and what begins a comment in an options file. */
const password = `it's "${randomBytes(6).toString("hex")}" \\n #;`;

/**
 * Starts a MariaDB server of its own from the system's binaries, on a free loopback port, without
 * durability. Returns null, and prints why, where there are none.
 */
export async function startMysql(): Promise<TestMysql | null> {
  const programs = {
    server: find("mariadbd"),
    install: find("mariadb-install-db"),
    client: find("mariadb"),
  };
  const { server: serverFile, install, client: clientFile } = programs;
  if (serverFile === null || install === null || clientFile === null) {
    process.stderr.write("Tests on MariaDB are left out: mariadb-server is not installed.\n");
    return null;
  }
  const folder = copyOfPrepared("mysql", (empty) => initialise(install, empty));
  const data = join(folder, "data");
  const user = systemUser(folder);
  const port = await freePort();
  const socket = join(folder, "socket");
  const server = spawn(serverFile, serverArguments(data, port, socket, user), {
    stdio: "ignore",
    env: temporaryFilesIn(folder),
  });
  const stop = stopper(server, folder);
  const root = [`--no-defaults`, `--socket=${socket}`, "--user=root"];
  try {
    await untilReady(server, clientFile, root);
  } catch (error) {
    await stop();
    throw error;
  }
  const account = "studio@'%' IDENTIFIED BY";
  const secret = `'${password.replace(/['\\]/g, "\\$&")}'`;
  run(
    clientFile,
    root,
    `CREATE USER ${account} ${secret}; GRANT ALL ON *.* TO studio@'%' WITH GRANT OPTION;`,
  );
  const options = join(folder, "client.cnf");
  const quoted = password.replace(/["\\]/g, "\\$&");
  writeFileSync(
    options,
    `[client]\nuser=studio\npassword="${quoted}"\nhost=127.0.0.1\nport=${port}\nprotocol=tcp\ndefault-character-set=utf8mb4\n`,
    { mode: 0o600 },
  );
  const argv = (database: string): string[] => [
    `--defaults-file=${options}`,
    "--batch",
    "--skip-column-names",
    database,
  ];
  let created = 0;
  const urlOf = (database: string): string =>
    `mysql://studio:${encodeURIComponent(password)}@127.0.0.1:${port}/${database}`;
  return {
    port,
    password,
    urlOf,
    stop,
    crash: () => void server.kill("SIGKILL"),
    query: (database, sql) => run(clientFile, argv(database), sql),
    client: (database) =>
      spawn(clientFile, argv(database), { stdio: ["pipe", "ignore", "ignore"] }),
    createDatabase() {
      const name = `test_${++created}`;
      run(clientFile, argv("mysql"), `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      return urlOf(name);
    },
  };
}

/** Makes the data of a new server in a folder, owned by the account that will run it. */
function initialise(install: string, folder: string): void {
  const argv = [
    "--no-defaults",
    `--datadir=${join(folder, "data")}`,
    "--auth-root-authentication-method=normal",
    "--skip-test-db",
    ...systemUser(folder),
  ];
  execFileSync(install, argv, { stdio: "ignore", env: temporaryFilesIn(folder) });
}

/** A server that starts removes the temporary tables of every other one in the same folder. */
function temporaryFilesIn(folder: string): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: folder };
}

function run(client: string, argv: string[], sql: string): string[] {
  const text = execFileSync(client, [...argv, "--batch", "--skip-column-names"], {
    input: sql,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
  return text.split("\n").slice(0, -1);
}

function find(name: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/usr/libexec"];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file)) ?? null;
}

/** The server refuses to run as root, and takes the name of the account to become. */
function systemUser(folder: string): string[] {
  if (process.getuid?.() !== 0) return [];
  const id = (option: string): number => Number(execFileSync("id", [option, "mysql"]));
  chownSync(folder, id("-u"), id("-g"));
  return ["--user=mysql"];
}

function serverArguments(data: string, port: number, socket: string, user: string[]): string[] {
  return [
    "--no-defaults",
    `--datadir=${data}`,
    `--port=${port}`,
    `--socket=${socket}`,
    `--pid-file=${data}/pid`,
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=32M",
    "--innodb-log-file-size=16M",
    "--event-scheduler=ON",
    ...user,
  ];
}

async function untilReady(server: ChildProcess, client: string, argv: string[]): Promise<void> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      run(client, argv, "SELECT 1");
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

function stopper(server: ChildProcess, folder: string): () => Promise<void> {
  const atExit = (): void => void server.kill("SIGKILL");
  process.once("exit", atExit);
  return async () => {
    process.off("exit", atExit);
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      // Not in good order, which takes its time: nobody reads the data again.
      server.kill("SIGKILL");
      await ended;
    }
    rmSync(folder, { recursive: true, force: true });
  };
}
