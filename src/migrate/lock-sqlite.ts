import type BetterSqlite from "better-sqlite3";
import type { DatabaseAddress } from "../database/address.ts";
import { systemCode } from "../errors.ts";
import type { Migrator } from "./journal.ts";
import type { LockConnection } from "./lock.ts";

/**
 * The lock of a SQLite database: an open exclusive transaction on a small database beside it,
 * `<database>.migrate-lock`, since the database itself must stay free for the application and
 * for one transaction per migration. WAL mode lets a waiter read the holder's row. The file
 * stays: deleting it would let two processes hold two files of one name.
 */
export async function openSqliteLock(
  database: DatabaseAddress,
  who: Migrator,
): Promise<LockConnection> {
  const { default: Sqlite } = await import("better-sqlite3");
  const connection = new Sqlite(`${database.file}.migrate-lock`, { timeout: 0 });
  const since = new Date().toISOString();
  const self = `${who.user}@${who.host} (process ${process.pid}) since ${since}`;
  return {
    tryAcquire: async () => tryAcquire(connection, self),
    holder: async () => readHolder(connection),
    isHeld: async () => connection.inTransaction,
    cancel: async () => {},
    close: async () => {
      if (connection.inTransaction) connection.exec("ROLLBACK");
      connection.close();
    },
  };
}

function tryAcquire(connection: BetterSqlite.Database, self: string): boolean {
  try {
    connection.pragma("journal_mode = WAL");
    connection.exec("CREATE TABLE IF NOT EXISTS holder (row INTEGER PRIMARY KEY, value TEXT)");
    connection.prepare("REPLACE INTO holder VALUES (1, ?)").run(self);
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    if (systemCode(error)?.startsWith("SQLITE_BUSY") === true) return false;
    throw error;
  }
  // Another process may have signed in between the two statements: the row must be ours.
  if (readHolder(connection) === self) return true;
  connection.exec("ROLLBACK");
  return false;
}

function readHolder(connection: BetterSqlite.Database): string | null {
  try {
    const value = connection.prepare("SELECT value FROM holder WHERE row = 1").pluck().get();
    return typeof value === "string" ? value : null;
  } catch (error) {
    if (systemCode(error)?.startsWith("SQLITE_") === true) return null;
    throw error;
  }
}
