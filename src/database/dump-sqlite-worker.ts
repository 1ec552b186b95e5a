import { parentPort, workerData } from "node:worker_threads";
import Database from "better-sqlite3";
import type { SqliteAnswer, SqliteContents, SqliteTask } from "./dump-sqlite.ts";
import {
  type TableOutcome,
  type TableTask,
  TableRefusal,
  hasTable,
  isPlainTable,
  quote,
  replaceTable,
} from "./dump-sqlite-table.ts";

/** Runs one task in a thread of its own: SQLite works synchronously, for minutes on a large file. */
function run(task: SqliteTask): SqliteContents | TableOutcome | null {
  if (task.action === "checkpoint") {
    checkpoint(task.file);
    return null;
  }
  if (task.action === "table") return changeTable(task, task.change);
  if (task.into !== null) copy(task.file, task.into, task.busyTimeout);
  return inspect(task.into ?? task.file);
}

function changeTable(
  task: { file: string; from: string | null; busyTimeout: number },
  change: TableTask,
): TableOutcome | null {
  const database = new Database(task.file, { fileMustExist: true, timeout: task.busyTimeout });
  try {
    // Cannot be changed within a transaction. https://www.sqlite.org/foreignkeys.html#fk_enable
    database.pragma("foreign_keys = OFF");
    if (task.from !== null) database.prepare("ATTACH ? AS dump").run(task.from);
    return database.transaction(() => changeWithin(database, change)).immediate();
  } finally {
    database.close();
  }
}

function changeWithin(database: Database.Database, change: TableTask): TableOutcome | null {
  const { action, table, keepAs } = change;
  if (action === "restore") {
    if (!isPlainTable(database, "dump", table)) {
      throw new TableRefusal(
        "database.tableUnknown",
        `The dump has no table ${table} that can be restored by itself.`,
        "Restore the whole database.",
      );
    }
    return replaceTable(database, { schema: "dump", table }, change);
  }
  if (action === "drop") {
    database.exec(`DROP TABLE IF EXISTS main.${quote(table)}`);
    return null;
  }
  if (!hasTable(database, "main", keepAs)) return null;
  const undone =
    action === "undo" ? replaceTable(database, { schema: "main", table: keepAs }, change) : null;
  database.exec(`DROP TABLE main.${quote(keepAs)}`);
  return undone;
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
function checkpoint(file: string): void {
  const database = new Database(file, { fileMustExist: true, timeout: 1000 });
  try {
    // In WAL mode the exclusive lock is only had when no other connection is open.
    database.pragma("locking_mode = EXCLUSIVE");
    database.exec("BEGIN EXCLUSIVE; COMMIT;");
    database.pragma("wal_checkpoint(TRUNCATE)");
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
    return { result: run(task) };
  } catch (error) {
    if (error instanceof TableRefusal) {
      const { code, message, hint } = error;
      return { refusal: { code, message, hint } };
    }
    const code = error instanceof Database.SqliteError ? error.code : null;
    return { failure: { code, message: String(error) } };
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
parentPort?.postMessage(answer(workerData as SqliteTask));
