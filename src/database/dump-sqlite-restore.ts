import { besideName } from "./beside-name.ts";
import { runTask } from "./dump-sqlite.ts";
import type { TableOutcome, TableTask } from "./dump-sqlite-table.ts";

export interface SqliteTableOptions {
  /** Absolute path of the live database, which others may use meanwhile. */
  file: string;
  table: string;
  /** Of the restore: names the table that keeps the rows of before. */
  id: string;
  /** Milliseconds to wait for another writer; default 30 seconds. */
  busyTimeout?: number;
  signal?: AbortSignal | undefined;
}

/**
 * Restores one table into a live database from a copy of it, in one transaction. A table that is
 * there keeps its definition and gets the rows of the copy; its rows of before stay in
 * `<table>_studio_before_<id>`. A table that is not there is created with its indexes and triggers.
 * Triggers do not run, and nothing is deleted in other tables.
 * @param options.from absolute path of the copy
 * @throws StudioError (exit 4) when the columns are others now, or references would lead nowhere
 */
export async function restoreSqliteTable(
  options: SqliteTableOptions & { from: string },
): Promise<TableOutcome> {
  return (await change(options, "restore", options.from)) as TableOutcome;
}

/**
 * Gives a table the rows back that a restore replaced, or drops it where the restore created it.
 * Does nothing when nothing is kept.
 * @returns null when no rows were put back
 */
export async function undoRestoreSqliteTable(
  options: SqliteTableOptions,
  method: TableOutcome["method"],
): Promise<TableOutcome | null> {
  return change(options, method === "created" ? "drop" : "undo", null);
}

/** Drops the rows of before: the restore cannot be undone after this. */
export async function dropKeptSqliteTable(options: SqliteTableOptions): Promise<void> {
  await change(options, "forget", null);
}

async function change(
  { file, table, id, busyTimeout = 30_000, signal }: SqliteTableOptions,
  action: TableTask["action"],
  from: string | null,
): Promise<TableOutcome | null> {
  const keepAs = besideName(table, "before", id);
  const task = { action: "table" as const, file, from, busyTimeout };
  const outcome = await runTask({ ...task, change: { table, keepAs, action } }, signal);
  return outcome as TableOutcome | null;
}
