import type { Knex } from "knex";
import type { DatabaseAddress } from "./address.ts";
import { type StatementGate, gatedClient } from "./statement-gate.ts";

export interface ClientOptions {
  /** Connections that are kept, and those there may be at once. */
  pool: { min: number; max: number };
  /** Prepares each connection to a SQLite file. */
  prepareSqlite(connection: SqliteConnection): void;
  /** Opens the SQLite file for reading alone. */
  readOnly?: boolean;
  /** What a PostgreSQL server shows as the client's name. */
  applicationName: string;
  /** Is asked about every statement. */
  gate?: StatementGate | undefined;
  /** With a gate that lets nothing through: there need not be a database. */
  isUnconnected?: boolean;
  /** An error names the line of code that built the statement; costs a little with each. */
  tracesStatements?: boolean;
}

export interface SqliteConnection {
  pragma(text: string): unknown;
}

/** How long a server may take to accept a connection, in milliseconds. */
const connectTimeout = 10_000;

/** Makes a knex client that writes nothing to stdout and does not wait for a server for ever. */
export async function createClient(
  address: DatabaseAddress,
  options: ClientOptions,
): Promise<Knex> {
  const { default: knex } = await import("knex");
  const { gate, isUnconnected = false } = options;
  const clientOf = (driver: string): string | typeof Knex.Client => {
    if (gate === undefined) return driver;
    const sample = knex({ client: driver, useNullAsDefault: true });
    return gatedClient(sample, driver, { gate, isConnected: !isUnconnected });
  };
  const common = {
    // The text of a failed statement must not carry its values, which may be secrets.
    compileSqlOnError: false,
    asyncStackTraces: options.tracesStatements ?? false,
    // Left alone, knex writes its warnings to stdout; all that matters in them is thrown as well.
    log: { warn: ignore, error: ignore, deprecate: ignore, debug: ignore },
  };
  if (address.dialect === "postgres") {
    const connection = postgresConnection(address, options.applicationName);
    return knex({ ...common, client: clientOf("pg"), connection, pool: options.pool });
  }
  if (address.dialect === "mysql") {
    const connection = mysqlConnection(address);
    return knex({ ...common, client: clientOf("mysql2"), connection, pool: options.pool });
  }
  return knex({
    ...common,
    client: clientOf("better-sqlite3"),
    connection: { filename: address.file ?? "", options: { readonly: options.readOnly ?? false } },
    useNullAsDefault: true,
    pool: {
      min: options.pool.min,
      // One connection: SQLite has one writer, and a second connection of this process would wait
      // for the first without the event loop turning.
      max: 1,
      afterCreate(connection: SqliteConnection, done: (error: unknown) => void) {
        options.prepareSqlite(connection);
        done(null);
      },
    },
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

/** The settings of one `mysql2` connection to a MySQL or MariaDB server; those in the URL win. */
export function mysqlConnection({ url }: DatabaseAddress) {
  return {
    uri: url,
    connectTimeout,
    enableKeepAlive: true,
    charset: "utf8mb4",
    supportBigNumbers: true,
  };
}

function ignore(): void {}
