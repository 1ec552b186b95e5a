import type { DatabaseAddress } from "../database/address.ts";
import { openLockFile } from "../sqlite/lock-file.ts";
import type { Migrator } from "./journal.ts";
import type { LockConnection } from "./lock.ts";

/**
 * The lock of a SQLite database: a lock file beside it, `<database>.migrate-lock`, since the
 * database itself must stay free for the application and for one transaction per migration.
 */
export async function openSqliteLock(
  database: DatabaseAddress,
  who: Migrator,
): Promise<LockConnection> {
  const lock = openLockFile(`${database.file}.migrate-lock`);
  const since = new Date().toISOString();
  const self = `${who.user}@${who.host} (process ${process.pid}) since ${since}`;
  return {
    tryAcquire: async () => lock.tryAcquire(self),
    holder: async () => lock.holder(),
    isHeld: async () => lock.isHeld(),
    cancel: async () => {},
    close: async () => lock.close(),
  };
}
