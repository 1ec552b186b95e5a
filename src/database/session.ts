import { existsSync } from "node:fs";
import type { Knex } from "knex";
import { usageError } from "../errors.ts";
import type { DatabaseAddress } from "./connect.ts";

export interface SessionOptions {
  /** How long a SQLite statement waits for another writer, in milliseconds. */
  busyTimeout?: number;
  /** What a PostgreSQL server shows as the client's name. */
  applicationName: string;
}

/** How long a server may take to accept a connection, in milliseconds. */
export const connectTimeout = 10_000;

/**
 * Opens exactly one connection for changes to the schema, outside any pool of the application.
 * SQLite runs in WAL mode, the file is created, and foreign keys are off: with them on, rebuilding
 * a table (drop, then rename) deletes the rows that refer to it, and they cannot be turned off
 * inside a transaction (https://sqlite.org/lang_altertable.html#otheralter). The caller checks
 * them before it commits.
 */
export async function openSession(address: DatabaseAddress, options: SessionOptions) {
  return open(address, options, (connection) => {
    connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
    connection.pragma("journal_mode = WAL");
    connection.pragma("synchronous = FULL");
    connection.pragma("foreign_keys = OFF");
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
  return open(address, { ...options, readOnly: true }, (connection) => {
    connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
  });
}

type Prepare = (connection: { pragma(text: string): unknown }) => void;

async function open(
  address: DatabaseAddress,
  options: SessionOptions & { readOnly?: boolean },
  prepareSqlite: Prepare,
): Promise<Knex> {
  const { default: knex } = await import("knex");
  const common = {
    // The text of a failed statement must not carry its values, which may be secrets.
    compileSqlOnError: false,
    // An error then names the line of the migration that built the statement.
    asyncStackTraces: true,
    // knex writes its warnings to stdout; all that matters in them is thrown as well.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  };
  if (address.dialect === "sqlite") {
    return knex({
      ...common,
      client: "better-sqlite3",
      connection: { filename: address.file ?? "", options: { readonly: options.readOnly } },
      useNullAsDefault: true,
      pool: { min: 0, max: 1, afterCreate: afterCreate(prepareSqlite) },
    });
  }
  if (address.dialect === "mysql") throw unsupported();
  return knex({
    ...common,
    client: "pg",
    connection: postgresConnection(address, options.applicationName),
    pool: { min: 0, max: 1 },
  });
}

/** The settings of one `pg` connection; those in the URL win. */
export function postgresConnection(address: DatabaseAddress, applicationName: string) {
  return {
    connectionString: address.url,
    application_name: applicationName,
    connectionTimeoutMillis: connectTimeout,
    keepAlive: true,
  };
}

function ignore(): void {}

function afterCreate(prepare: Prepare) {
  return (connection: Parameters<Prepare>[0], done: (error: unknown) => void): void => {
    prepare(connection);
    done(null);
  };
}

export function unsupported() {
  return usageError(
    "studio migrates SQLite and PostgreSQL databases; this one is MySQL.",
    "Set the database URL to sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.",
  );
}
