import { systemCode } from "../errors.ts";
import { type SqliteFile, openSqliteFile } from "./open.ts";

export interface LockFile {
  /**
   * Takes the lock, or tells that another has it.
   * @param holder what those who wait are told of the holder; no two may say the same
   */
  tryAcquire(holder: string): boolean;
  /** What the holder of this moment said of itself; null where that cannot be told. */
  holder(): string | null;
  isHeld(): boolean;
  /** Gives the lock up, where it is held, and closes the file. */
  close(): void;
}

/**
 * A lock that the kernel frees when its holder dies: an open exclusive transaction on a small
 * SQLite file. WAL mode, and the holder's row committed beforehand, let those who wait read who
 * holds it. The file stays: deleting it would let two processes hold two files of one name.
 */
export function openLockFile(file: string): LockFile {
  const connection = openSqliteFile(file, { timeout: 0 });
  return {
    tryAcquire: (holder) => tryAcquire(connection, holder),
    holder: () => readHolder(connection),
    isHeld: () => connection.inTransaction,
    close() {
      try {
        if (connection.inTransaction) connection.exec("DELETE FROM holder; COMMIT");
      } catch (error) {
        // On a full disk the row stays; it means nothing while nobody holds the lock.
        if (!isSqliteError(error)) throw error;
      } finally {
        connection.close();
      }
    },
  };
}

/** What the holder of a lock file said of itself; null where nobody holds it. */
export function holderOf(file: string): string | null {
  let connection: SqliteFile;
  try {
    connection = openSqliteFile(file, { timeout: 0, fileMustExist: true });
  } catch {
    return null;
  }
  try {
    connection.exec("BEGIN IMMEDIATE; ROLLBACK");
    return null;
  } catch (error) {
    return isBusy(error) ? readHolder(connection) : null;
  } finally {
    connection.close();
  }
}

/** Two that met at the same moment may both have withdrawn: short random pauses separate them. */
function tryAcquire(connection: SqliteFile, holder: string): boolean {
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const outcome = contend(connection, holder);
    if (outcome !== "met") return outcome === "taken";
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2 + Math.random() * 20);
  }
  return false;
}

function contend(connection: SqliteFile, holder: string): "taken" | "held" | "met" {
  try {
    connection.pragma("journal_mode = WAL");
    connection.exec("CREATE TABLE IF NOT EXISTS holder (row INTEGER PRIMARY KEY, value TEXT)");
    connection.prepare("REPLACE INTO holder VALUES (1, ?)").run(holder);
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    if (!isBusy(error)) throw error;
    // Whoever holds the lock has signed in before: without another's row none does yet.
    const signed = readHolder(connection);
    return signed === null || signed === holder ? "met" : "held";
  }
  // Another may have signed in between the two statements: the row must be ours.
  if (readHolder(connection) === holder) return "taken";
  connection.exec("ROLLBACK");
  return "met";
}

function readHolder(connection: SqliteFile): string | null {
  try {
    const value = connection.prepare("SELECT value FROM holder WHERE row = 1").pluck().get();
    return typeof value === "string" ? value : null;
  } catch (error) {
    if (isSqliteError(error)) return null;
    throw error;
  }
}

function isBusy(error: unknown): boolean {
  return systemCode(error)?.startsWith("SQLITE_BUSY") === true;
}

function isSqliteError(error: unknown): boolean {
  return systemCode(error)?.startsWith("SQLITE_") === true;
}
