import type { Knex } from "knex";
import type { DatabaseAddress } from "./address.ts";
import { createClient } from "./client.ts";

export interface ConnectOptions {
  pool?: { size: number; overflow: number };
  /** How long a SQLite statement waits for another writer, in milliseconds. */
  busyTimeout?: number;
}

/** Opens a connection pool. SQLite runs in WAL mode with foreign keys on; the file is created. */
export function connectDatabase(
  address: DatabaseAddress,
  options: ConnectOptions = {},
): Promise<Knex> {
  const { size, overflow } = options.pool ?? { size: 10, overflow: 20 };
  return createClient(address, {
    applicationName: "studio",
    pool: { min: address.dialect === "sqlite" ? 1 : 0, max: size + overflow },
    prepareSqlite(connection) {
      connection.pragma("journal_mode = WAL");
      connection.pragma("synchronous = FULL");
      connection.pragma("foreign_keys = ON");
      connection.pragma(`busy_timeout = ${options.busyTimeout ?? 5000}`);
    },
  });
}
