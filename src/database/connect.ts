import type { Knex } from "knex";

export type Dialect = "sqlite" | "postgres" | "mysql";

export interface DatabaseAddress {
  dialect: Dialect;
  /** Absolute path of the SQLite file; null for a server. */
  file: string | null;
  /** The URL as given; holds the password, so it is never printed. */
  url: string;
}

export interface ConnectOptions {
  pool?: { size: number; overflow: number };
  /** How long a SQLite statement waits for another writer, in milliseconds. */
  busyTimeout?: number;
}

/** Opens a connection pool. SQLite runs in WAL mode with foreign keys on; the file is created. */
export async function connectDatabase(
  address: DatabaseAddress,
  options: ConnectOptions = {},
): Promise<Knex> {
  const { default: knex } = await import("knex");
  if (address.dialect === "sqlite") return knex(sqliteConfiguration(address, options));
  const size = options.pool?.size ?? 10;
  const overflow = options.pool?.overflow ?? 20;
  const client = address.dialect === "postgres" ? "pg" : "mysql2";
  return knex({ client, connection: address.url, pool: { min: 0, max: size + overflow } });
}

function sqliteConfiguration(address: DatabaseAddress, options: ConnectOptions): Knex.Config {
  return {
    client: "better-sqlite3",
    connection: { filename: address.file ?? "" },
    useNullAsDefault: true,
    // One connection: SQLite has one writer, and a second connection of this process would wait
    // for the first without the event loop turning.
    pool: {
      min: 1,
      max: 1,
      afterCreate(connection: SqliteConnection, done: (error: unknown) => void) {
        connection.pragma("journal_mode = WAL");
        connection.pragma("synchronous = FULL");
        connection.pragma("foreign_keys = ON");
        connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
        done(null);
      },
    },
  };
}

interface SqliteConnection {
  pragma(text: string): unknown;
}
