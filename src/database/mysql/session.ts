import { createReadStream, createWriteStream } from "node:fs";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { StudioError, exitCodes } from "../../errors.ts";
import { runCommand } from "../../shell/exec.ts";
import { type GroupResult, runGroup } from "../../shell/process-group.ts";
import type { ProcessIdentity } from "../../shell/process-identity.ts";
import { type DatabaseAddress, describeDatabase } from "../address.ts";
import { writeOptionsFile } from "./options-file.ts";
import { type MysqlProgram, type MysqlPrograms, locateMysqlPrograms } from "./programs.ts";

export interface MysqlOptions {
  address: DatabaseAddress;
  /** The operator's environment: PATH finds the programs. */
  env: Record<string, string | undefined>;
  /** A folder for temporary files, which only its owner can read. */
  scratch: string;
  /** Seconds to wait for transactions that use a table; default 20. */
  lockWait?: number;
  signal?: AbortSignal | undefined;
  /** Told the process group of each long-running program before it runs. */
  onStart?: (identity: ProcessIdentity) => void;
}

/** The programs of MySQL or MariaDB with a connection. Each call is a session of its own. */
export interface MysqlSession {
  programs: MysqlPrograms;
  /** Runs statements and returns the rows of all as text; NULL is null. */
  query(sql: string, database?: string): Promise<(string | null)[][]>;
  /** Runs the dump program; its output goes to a file, or is read as a stream. */
  dump(
    argv: readonly string[],
    output: string | ((stdout: Readable) => Promise<void>),
  ): Promise<void>;
  /** Runs a file of statements in a database; the first that fails ends it. */
  load(file: string, database: string): Promise<void>;
}

/** Runs `work` with the programs; the file with the password is gone after it. */
export async function withMysql<T>(
  options: MysqlOptions,
  work: (session: MysqlSession) => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const programs = await locateMysqlPrograms(options.env);
  const file = await writeOptionsFile(options.address, options.scratch);
  try {
    return await work(sessionWith(options, programs, file.path));
  } finally {
    await file.remove();
  }
}

function sessionWith(options: MysqlOptions, programs: MysqlPrograms, file: string): MysqlSession {
  const { address, signal, onStart } = options;
  const connection = `--defaults-file=${file}`;
  // The server's own default is a day.
  const patience = `--init-command=SET SESSION lock_wait_timeout = ${options.lockWait ?? 20}`;
  const env = { PATH: options.env["PATH"], LC_ALL: "C", TZ: "UTC" };
  const group = { cwd: "/", env, onStart: onStart ?? (() => {}), ...(signal ? { signal } : {}) };
  const check = (program: MysqlProgram, result: GroupResult): void => {
    signal?.throwIfAborted();
    if (result.exitCode !== 0) throw mysqlFailure(address, program, result.lastLines);
  };
  return {
    programs,
    async query(sql, database) {
      const argv = [
        connection,
        patience,
        "--batch",
        "--skip-column-names",
        ...(database ? [database] : []),
      ];
      const settings = { env, input: sql, ...(signal ? { signal } : {}) };
      const result = await runCommand(programs.client.file, argv, settings);
      signal?.throwIfAborted();
      const lines = result.stderr.split("\n");
      if (result.exitCode !== 0) throw mysqlFailure(address, programs.client, lines);
      return parseRows(result.stdout);
    },
    async dump(argv, output) {
      const readOutput =
        typeof output === "string"
          ? (stdout: Readable) => pipeline(stdout, createWriteStream(output, { mode: 0o600 }))
          : output;
      const { dump } = programs;
      check(dump, await runGroup(dump.file, [connection, ...argv], { ...group, readOutput }));
    },
    async load(path, database) {
      const { client } = programs;
      const argv = [connection, patience, "--batch", database];
      const result = await runGroup(client.file, argv, {
        ...group,
        writeInput: (stdin) => pipeline(createReadStream(path), stdin).catch(ignoreClosedPipe),
      });
      check(client, result);
    },
  };
}

/** A client that stops at a statement closes the pipe; what it says is the cause. */
function ignoreClosedPipe(error: unknown): void {
  const code = error instanceof Error && "code" in error ? error.code : null;
  if (code !== "EPIPE" && code !== "ECONNRESET" && code !== "ERR_STREAM_PREMATURE_CLOSE")
    throw error;
}

const escapes: Record<string, string> = { t: "\t", n: "\n", "0": "\0", "\\": "\\" };

function parseRows(text: string): (string | null)[][] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map((line) =>
    line
      .split("\t")
      .map((value) =>
        value === "NULL"
          ? null
          : value.replace(/\\(.)/gs, (all, letter: string) => escapes[letter] ?? all),
      ),
  );
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}

/** Safe in the default SQL mode, in which a backslash escapes, and with NO_BACKSLASH_ESCAPES. */
export function textLiteral(text: string): string {
  return `CONVERT(0x${Buffer.from(text).toString("hex") || "00"} USING utf8mb4)`;
}

/** By error number: https://mariadb.com/docs/server/reference/error-codes */
const known: [RegExp, string, string][] = [
  [
    /ERROR 1045|: 1045\b|1698/,
    "refused the user or the password",
    "Check the user and the password in the database URL.",
  ],
  [
    /ERROR 1049|: 1049\b/,
    "has no database of that name",
    "Create the database, or correct the name in the database URL.",
  ],
  [
    /ERROR (1044|1142|1227|1370|1419)|: (1044|1142|1227)\b/,
    "does not allow this user to do it",
    "Grant the user ALL on the database, CREATE and DROP on *.*, and SET USER for other definers.",
  ],
  [
    /ERROR (2002|2003|2005|2006|2013)|: (2002|2003|2005|2006|2013)\b/,
    "cannot be reached, or went away",
    "Check the host and the port in the database URL, and that the server runs.",
  ],
  [
    /ERROR 1205|: 1205\b/,
    "did not give a lock in time",
    "Wait until the other session is through, or stop the application, and try again.",
  ],
  [
    /: 1412\b|ERROR 1412/,
    "has other tables than when the dump began",
    "A migration ran meanwhile. Run the command again.",
  ],
];

/** The text of errors is kept to numbers: it may hold statements with values in them. */
function mysqlFailure(
  address: DatabaseAddress,
  program: MysqlProgram,
  lines: readonly string[],
): StudioError {
  const line =
    lines.find((text) => /\bERROR \d+|: Got error: \d+|Couldn't execute|error/i.test(text)) ?? "";
  const match = known.find(([pattern]) => pattern.test(line));
  const number = /ERROR (\d+)(?: \((\w+)\))?|: (\d{4})\b|\((\d{4})\)/.exec(line);
  const code = number?.[1] ?? number?.[3] ?? number?.[4] ?? null;
  const what = match?.[1] ?? "refused a statement";
  return new StudioError({
    code: "database.programFailed",
    message: `The database ${describeDatabase(address)} ${what} (${program.file}${code === null ? "" : `, error ${code}`}).`,
    hint: match?.[2],
    exitCode: exitCodes.unavailable,
    details: { program: program.file, number: code },
  });
}
