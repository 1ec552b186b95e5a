import type { Knex } from "knex";
import type { Migrator } from "./journal.ts";

/** What was done to a schema, or to the journal of it. */
export type LoggedAction =
  | "applied"
  | "reverted"
  | "baselined"
  | "accepted"
  | "forgotten"
  | "marked";

/** One line of the log: unlike the journal's rows, none is ever changed or removed. */
export interface LoggedMigration {
  /** ISO 8601, UTC: when it was done. */
  at: string;
  action: LoggedAction;
  name: string;
  checksum: string;
  /** How long it took; null where nothing ran. */
  milliseconds: number | null;
  toolVersion: string;
  user: string;
  host: string;
}

export const logTable = "studio_migration_log";

export async function createLog(session: Knex): Promise<void> {
  await session.schema.createTable(logTable, (table) => {
    table.increments("number");
    table.string("at", 24).notNullable();
    table.string("action", 16).notNullable();
    table.string("name", 255).notNullable();
    table.text("checksum").notNullable();
    table.integer("milliseconds");
    table.text("tool_version").notNullable();
    table.text("user").notNullable();
    table.text("host").notNullable();
  });
}

/** Adds a line, in the transaction of what it tells of. */
export async function logAction(
  transaction: Knex,
  { user, host, version }: Migrator,
  line: Pick<LoggedMigration, "action" | "name" | "checksum" | "milliseconds"> & { at: Date },
): Promise<void> {
  await transaction(logTable).insert({
    ...line,
    at: line.at.toISOString(),
    tool_version: version,
    user,
    host,
  });
}

/** The log, oldest first; empty where there is none. */
export async function readLog(session: Knex): Promise<LoggedMigration[]> {
  if (!(await session.schema.hasTable(logTable))) return [];
  const rows = (await session(logTable).orderBy("number")) as Record<string, unknown>[];
  return rows.map(
    (row) =>
      ({
        at: row["at"],
        action: row["action"],
        name: row["name"],
        checksum: row["checksum"],
        milliseconds: row["milliseconds"],
        toolVersion: row["tool_version"],
        user: row["user"],
        host: row["host"],
      }) as LoggedMigration,
  );
}
