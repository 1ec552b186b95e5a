import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import type { SqliteAnswer, SqliteContents, SqliteTask } from "./dump-sqlite.ts";

/** Runs one task in a thread of its own: SQLite works synchronously, for minutes on a large file. */
function run(task: SqliteTask): SqliteContents {
  if (task.action === "checkpoint") return { problems: checkpoint(task.file), tables: {} };
  if (task.into !== null) copy(task.file, task.into, task.busyTimeout);
  return inspect(task.into ?? task.file);
}

function copy(file: string, into: string, busyTimeout: number): void {
  const database = new Database(file, { fileMustExist: true, timeout: busyTimeout });
  try {
    database.prepare("VACUUM INTO ?").run(into);
  } finally {
    database.close();
  }
}

/** Moves what is in the write-ahead log into the file, so that the file stands alone. */
function checkpoint(file: string): string[] {
  const database = new Database(file, { fileMustExist: true, timeout: 1000 });
  try {
    // In WAL mode the exclusive lock is only had when no other connection is open.
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE; COMMIT;");
    database.pragma("wal_checkpoint(TRUNCATE)");
    return [];
  } finally {
    database.close();
  }
}

function inspect(file: string): SqliteContents {
  const database = new Database(file, { fileMustExist: true, readonly: true });
  try {
    const problems = database
      .prepare<[], { integrity_check: string }>("PRAGMA integrity_check(20)")
      .all()
      .map((row) => row.integrity_check)
      .filter((line) => line !== "ok");
    return { problems, tables: problems.length === 0 ? countRows(database) : {} };
  } finally {
    database.close();
  }
}

function countRows(database: Database.Database): Record<string, number | null> {
  const names = database
    .prepare<[], { name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
    )
    .all();
  return Object.fromEntries(names.map(({ name }) => [name, countTable(database, name)]));
}

function countTable(database: Database.Database, name: string): number | null {
  try {
    const quoted = name.replaceAll('"', '""');
    const row = database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM "${quoted}"`).get();
    return row?.n ?? null;
  } catch {
    // A virtual table whose module is not loaded cannot be counted, but is stored all the same.
    return null;
  }
}

function answer(task: SqliteTask): SqliteAnswer {
  try {
    return { contents: run(task) };
  } catch (error) {
    const code = error instanceof Database.SqliteError ? error.code : null;
    return { failure: { code, message: String(error) } };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(answer(workerData as SqliteTask));
