import { existsSync } from "node:fs";
import type { Knex } from "knex";
import type { DatabaseAddress } from "./address.ts";
import { createClient } from "./client.ts";
import type { StatementGate } from "./statement-gate.ts";

export interface SessionOptions {
  /** How long a SQLite statement waits for another writer, in milliseconds. */
  busyTimeout?: number;
  /** What a PostgreSQL server shows as the client's name. */
  applicationName: string;
  /** Is asked about every statement. */
  gate?: StatementGate | undefined;
}

/**
 * Opens exactly one connection for changes to the schema, outside any pool of the application.
 * SQLite runs in WAL mode, the file is created, and foreign keys are off: with them on, rebuilding
 * a table (drop, then rename) deletes the rows that refer to it, and they cannot be turned off
 * inside a transaction (https://sqlite.org/lang_altertable.html#otheralter). The caller checks
 * them before it commits.
 */
export function openSession(address: DatabaseAddress, options: SessionOptions): Promise<Knex> {
  return createClient(address, {
    ...single(options),
    prepareSqlite(connection) {
      connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
      connection.pragma("journal_mode = WAL");
      connection.pragma("synchronous = FULL");
      connection.pragma("foreign_keys = OFF");
    },
  });
}

/**
 * Opens one connection that can only read.
 * @returns null where the SQLite file does not exist: nothing is created.
 */
export async function openReadOnlySession(
  address: DatabaseAddress,
  options: SessionOptions,
): Promise<Knex | null> {
  if (address.file !== null && !existsSync(address.file)) return null;
  return createClient(address, {
    ...single(options),
    readOnly: true,
    prepareSqlite(connection) {
      connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
    },
  });
}

function single({ applicationName, gate }: SessionOptions) {
  return { applicationName, gate, pool: { min: 0, max: 1 }, tracesStatements: true };
}
