import type { Knex } from "knex";
import type { Dialect } from "../../database/address.ts";

/** A table that had more rows before. */
export interface LostRows {
  table: string;
  before: number;
  after: number;
}

/** Tables with rows of their own, without those of studio and of the database itself. */
const tableQueries: Record<Dialect, string> = {
  postgres: `
    SELECT n.nspname::text AS schema, c.relname::text AS name
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relname !~ '^studio_'
      AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'`,
  mysql: `
    SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES
    WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE' AND TABLE_NAME NOT LIKE 'studio\\_%'`,
  sqlite: `
    SELECT 'main' AS schema, name FROM sqlite_schema
    WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
      AND name NOT LIKE 'studio\\_%' ESCAPE '\\'`,
};

/** The rows of every table, by `schema.table`, or by `table` where there is one schema. */
export async function countRows(session: Knex, dialect: Dialect): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const row of rowsOf(dialect, await session.raw<unknown>(tableQueries[dialect]))) {
    const [schema, name] = [String(row["schema"]), String(row["name"])];
    const answer = await session.raw<unknown>("SELECT count(*) AS total FROM ??.??", [
      schema,
      name,
    ]);
    const shown = dialect === "postgres" && schema !== "public" ? `${schema}.${name}` : name;
    counts.set(shown, Number(rowsOf(dialect, answer)[0]?.["total"]));
  }
  return counts;
}

/** Tables with fewer rows than before; those that are gone had all theirs lost. */
export function lostRows(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
): LostRows[] {
  return [...before]
    .map(([table, rows]) => ({ table, before: rows, after: after.get(table) ?? 0 }))
    .filter((one) => one.after < one.before)
    .sort((one, other) => (one.table < other.table ? -1 : 1));
}

function rowsOf(dialect: Dialect, answer: unknown): Record<string, unknown>[] {
  const rows =
    dialect === "postgres"
      ? (answer as { rows: unknown }).rows
      : dialect === "mysql"
        ? (answer as unknown[])[0]
        : answer;
  return rows as Record<string, unknown>[];
}
