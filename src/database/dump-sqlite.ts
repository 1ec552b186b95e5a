import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { StudioError, exitCodes } from "../errors.ts";
import type { TableOutcome, TableTask } from "./dump-sqlite-table.ts";

export interface SqliteContents {
  /** What `PRAGMA integrity_check` found; empty when the file is sound. */
  problems: string[];
  /** Rows of each table; null for one that could not be counted. */
  tables: Record<string, number | null>;
}

interface SqliteWork {
  file: string;
  /** Milliseconds to wait for a writer. */
  busyTimeout: number;
}

export type SqliteTask =
  /** `into`: where to put a copy first; null to look at `file` itself. */
  | (SqliteWork & { action: "inspect"; into: string | null })
  | (SqliteWork & { action: "checkpoint" })
  /** `from`: a copy of a database that holds the table; null where only `file` is needed. */
  | (SqliteWork & { action: "table"; from: string | null; change: TableTask });

export interface SqliteAnswer {
  result?: SqliteContents | TableOutcome | null;
  /** What SQLite says, with its code. */
  failure?: { code: string | null; message: string };
  /** What the task itself does not do. */
  refusal?: { code: string; message: string; hint: string };
}

/**
 * Copies a SQLite database that may be in use to the new file `into` and looks at the copy.
 * `VACUUM INTO` holds one read transaction, so that writers go on and the copy is of one instant.
 */
export function copySqlite(
  file: string,
  into: string,
  options: { signal?: AbortSignal | undefined; busyTimeout?: number } = {},
): Promise<SqliteContents> {
  const busyTimeout = options.busyTimeout ?? 30_000;
  return inspection({ action: "inspect", file, into, busyTimeout }, options.signal);
}

/** `PRAGMA integrity_check` and the rows per table of a file that nobody writes. */
export function inspectSqlite(file: string, signal?: AbortSignal): Promise<SqliteContents> {
  return inspection({ action: "inspect", file, into: null, busyTimeout: 0 }, signal);
}

/**
 * Moves the write-ahead log of a database into its file. Fails with `database.inUse` while another
 * connection is open.
 */
export async function settleSqlite(file: string): Promise<void> {
  await runTask({ action: "checkpoint", file, busyTimeout: 0 });
}

async function inspection(task: SqliteTask, signal?: AbortSignal): Promise<SqliteContents> {
  return (await runTask(task, signal)) as SqliteContents;
}

/** Runs a task in a thread. An abort ends the thread; what it had begun is rolled back. */
export async function runTask(
  task: SqliteTask,
  signal?: AbortSignal,
): Promise<NonNullable<SqliteAnswer["result"]> | null> {
  signal?.throwIfAborted();
  // The worker is TypeScript in a clone and JavaScript in the package.
  const script = new URL(`./dump-sqlite-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(script, { workerData: task });
  const { promise, resolve, reject } = Promise.withResolvers<SqliteAnswer>();
  worker.once("message", resolve).once("error", reject);
  worker.once("exit", () => reject(new Error("The SQLite worker ended without an answer.")));
  const abort = (): void => reject(signal?.reason);
  signal?.addEventListener("abort", abort);
  try {
    const { result, failure, refusal } = await promise;
    if (result !== undefined) return result;
    if (refusal !== undefined)
      throw new StudioError({ ...refusal, exitCode: exitCodes.checkFailed });
    throw sqliteFailure(task, failure ?? { code: null, message: "no answer" });
  } finally {
    signal?.removeEventListener("abort", abort);
    await worker.terminate();
  }
}

function sqliteFailure(
  task: SqliteTask,
  failure: { code: string | null; message: string },
): StudioError {
  const busy = failure.code?.startsWith("SQLITE_BUSY") === true;
  const full = failure.code === "SQLITE_FULL";
  return new StudioError({
    code: busy ? "database.inUse" : full ? "database.noRoom" : "database.unreadable",
    message: busy
      ? `The SQLite database ${task.file} is in use by another process.`
      : `The SQLite database ${task.file} cannot be read: ${failure.message}.`,
    hint: busy ? "Stop what uses it (studio down) and try again." : undefined,
    exitCode: busy ? exitCodes.locked : full ? exitCodes.unavailable : exitCodes.checkFailed,
    details: { sqlite: failure.code },
  });
}
