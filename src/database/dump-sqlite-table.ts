import type Database from "better-sqlite3";

/** One table of a database, as the thread that restores it is told. */
export interface TableTask {
  table: string;
  /** Takes the rows of before; where it holds them already, an undo puts them back. */
  keepAs: string;
  /**
   * restore: rows from the attached copy; undo: from `keepAs`; forget: drop `keepAs`; drop: the
   * table itself, which a restore created.
   */
  action: "restore" | "undo" | "forget" | "drop";
}

export interface TableOutcome {
  rows: number;
  method: "replaced" | "created";
  keptAs: string | null;
}

/** Why the rows cannot be restored; nothing was changed. */
export class TableRefusal extends Error {
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

/**
 * Gives a table the rows of another one in one transaction. It keeps its definition, indexes and
 * triggers, and the triggers do not run. Foreign keys are not enforced meanwhile, so that nothing
 * is deleted elsewhere; afterwards no more of them may be broken than before.
 * @param source `dump` (an attached database) or `main`
 */
export function replaceTable(
  database: Database.Database,
  source: { schema: "dump" | "main"; table: string },
  task: TableTask,
): TableOutcome {
  const { table } = task;
  const from = `${source.schema}.${quote(source.table)}`;
  const created = !hasTable(database, "main", table);
  const broken = brokenKeys(database, table);
  if (created) createTable(database, table);
  else checkColumns(database, source, table);
  const triggers = created ? [] : definitions(database, "main", "trigger", table);
  for (const { name } of triggers) database.exec(`DROP TRIGGER main.${quote(name)}`);
  if (task.action === "restore" && !created) {
    database.exec(`CREATE TABLE main.${quote(task.keepAs)} AS SELECT * FROM main.${quote(table)}`);
  }
  database.exec(`DELETE FROM main.${quote(table)}`);
  const columns = copiedColumns(database, table).map(quote).join(", ");
  database.exec(`INSERT INTO main.${quote(table)} (${columns}) SELECT ${columns} FROM ${from}`);
  if (created) {
    for (const kind of ["index", "trigger"] as const) {
      for (const { sql } of definitions(database, "dump", kind, table)) database.exec(sql);
    }
  }
  for (const { sql } of triggers) database.exec(sql);
  checkKeys(broken, brokenKeys(database, table), table);
  const rows = countRows(database, `main.${quote(table)}`);
  if (rows !== countRows(database, from)) throw new Error("The rows were not all copied.");
  const method = created ? "created" : "replaced";
  return { rows, method, keptAs: created ? null : task.keepAs };
}

/** Leaves out tables of extensions, whose content SQLite keeps in other tables. */
export function isPlainTable(
  database: Database.Database,
  schema: "dump" | "main",
  table: string,
): boolean {
  const row = database
    .prepare<[string, string], { type: string }>(
      "SELECT type FROM pragma_table_list WHERE schema = ? AND name = ?",
    )
    .get(schema, table);
  return row?.type === "table" && !table.startsWith("sqlite_");
}

export function hasTable(
  database: Database.Database,
  schema: "dump" | "main",
  table: string,
): boolean {
  return definitions(database, schema, "table", table).length > 0;
}

/** The statements in the schema that belong to a table; those of automatic indexes have none. */
function definitions(
  database: Database.Database,
  schema: "dump" | "main",
  type: "table" | "index" | "trigger",
  table: string,
): { name: string; sql: string }[] {
  return database
    .prepare<[string, string], { name: string; sql: string }>(
      `SELECT name, sql FROM ${schema}.sqlite_schema
       WHERE type = ? AND tbl_name = ? AND sql IS NOT NULL ORDER BY rowid`,
    )
    .all(type, table);
}

function createTable(database: Database.Database, table: string): void {
  const [definition] = definitions(database, "dump", "table", table);
  // A statement in the schema is stored without the name of a database, and so creates in "main".
  database.exec(definition?.sql ?? "");
}

interface Column {
  name: string;
  type: string;
  pk: number;
  hidden: number;
}

function columnsOf(database: Database.Database, schema: string, table: string): Column[] {
  return database
    .prepare<[string, string], Column>(
      "SELECT name, type, pk, hidden FROM pragma_table_xinfo(?, ?)",
    )
    .all(table, schema)
    .filter(({ hidden }) => hidden === 0);
}

/** With the row's number where no column stands for it: other tables of an extension may use it. */
function copiedColumns(database: Database.Database, table: string): string[] {
  const columns = columnsOf(database, "main", table);
  const names = columns.map(({ name }) => name);
  const list = database
    .prepare<[string], { wr: number }>(
      "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?",
    )
    .get(table);
  const key = columns.filter(({ pk }) => pk > 0);
  const alias = key.length === 1 && key[0]?.type.toUpperCase() === "INTEGER";
  const taken = names.some((name) => name.toLowerCase() === "rowid");
  return list?.wr === 1 || alias || taken ? names : ["rowid", ...names];
}

function checkColumns(
  database: Database.Database,
  source: { schema: "dump" | "main"; table: string },
  table: string,
): void {
  const now = columnsOf(database, "main", table).map(({ name }) => name);
  const then = columnsOf(database, source.schema, source.table).map(({ name }) => name);
  const difference = [
    ...now.filter((name) => !then.includes(name)).map((name) => `${name} is new`),
    ...then.filter((name) => !now.includes(name)).map((name) => `${name} is gone`),
  ];
  if (difference.length === 0) return;
  throw new TableRefusal(
    "database.otherColumns",
    `The table ${table} has other columns now: ${difference.join(", ")}. Nothing was changed.`,
    "Migrate back to the schema of the dump first, or restore the whole database.",
  );
}

/** How many rows refer to nothing, by foreign key: those of the table, and those that refer to it. */
function brokenKeys(database: Database.Database, table: string): Map<string, number> {
  const referring = database
    .prepare<[string], { name: string }>(
      `SELECT DISTINCT t.name FROM main.sqlite_schema t, pragma_foreign_key_list(t.name, 'main') f
       WHERE t.type = 'table' AND lower(f."table") = lower(?)`,
    )
    .all(table)
    .map(({ name }) => name);
  const counts = new Map<string, number>();
  const check = database.prepare<[string], { name: string; parent: string; n: number }>(
    `SELECT "table" AS name, parent, count(*) AS n FROM pragma_foreign_key_check(?)
     GROUP BY "table", parent, fkid`,
  );
  const present = hasTable(database, "main", table) ? [table] : [];
  for (const name of new Set([...present, ...referring])) {
    for (const { parent, n } of check.all(name)) {
      const key = `${name} to ${parent}`;
      counts.set(key, (counts.get(key) ?? 0) + n);
    }
  }
  return counts;
}

function checkKeys(before: Map<string, number>, after: Map<string, number>, table: string): void {
  for (const [key, count] of after) {
    const more = count - (before.get(key) ?? 0);
    if (more <= 0) continue;
    throw new TableRefusal(
      "database.referenced",
      `With the rows of the dump in ${table}, ${more} more references from ${key} would lead nowhere. Nothing was changed.`,
      "Restore the whole database.",
    );
  }
}

function countRows(database: Database.Database, place: string): number {
  return database.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${place}`).get()?.n ?? -1;
}

export function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
