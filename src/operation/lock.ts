import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import Database from "better-sqlite3";
import { StudioError, exitCodes, systemCode } from "../errors.ts";
import { type ProcessIdentity, ownIdentity } from "../shell/process-identity.ts";

export interface LockHolder extends ProcessIdentity {
  operation: string;
  kind: string;
  user: string;
  since: string;
}

export interface Lock {
  release(): void;
}

export interface LockRequest {
  file: string;
  environment: string;
  holder: Omit<LockHolder, keyof ProcessIdentity>;
  /** Milliseconds to wait for another holder; 0 fails at once. */
  wait: number;
  signal?: AbortSignal;
}

/**
 * Takes the one lock of an environment. The lock is an open exclusive transaction on a small
 * SQLite file, so the kernel frees it when the process dies. WAL mode, and the holder's row
 * committed beforehand, let a waiter read who holds it.
 */
export async function acquireLock(request: LockRequest): Promise<Lock> {
  mkdirSync(dirname(request.file), { recursive: true, mode: 0o700 });
  const deadline = Date.now() + request.wait;
  for (;;) {
    const lock = tryLock(request);
    if (lock !== null) return lock;
    if (Date.now() >= deadline) throw lockedError(request, readHolder(request.file));
    await sleep(100 + Math.random() * 100, undefined, { signal: request.signal });
  }
}

/** Who holds the lock at this moment; null when it is free. */
export function currentHolder(file: string): LockHolder | null {
  let database: Database.Database;
  try {
    database = new Database(file, { timeout: 0, fileMustExist: true });
  } catch {
    return null;
  }
  try {
    database.exec("BEGIN IMMEDIATE; ROLLBACK");
    return null;
  } catch (error) {
    return isBusy(error) ? readHolder(file) : null;
  } finally {
    database.close();
  }
}

function tryLock(request: LockRequest): Lock | null {
  const database = new Database(request.file, { timeout: 0 });
  try {
    database.pragma("journal_mode = WAL");
    database.exec("CREATE TABLE IF NOT EXISTS holder (row INTEGER PRIMARY KEY, value TEXT)");
    const holder: LockHolder = { ...request.holder, ...ownIdentity() };
    const value = JSON.stringify(holder);
    database.prepare("REPLACE INTO holder VALUES (1, ?)").run(value);
    database.exec("BEGIN EXCLUSIVE");
    const written = database.prepare("SELECT value FROM holder WHERE row = 1").pluck().get();
    // Another process may have signed in between the two statements: the row must be ours.
    if (written === value) return { release: () => close(database) };
  } catch (error) {
    if (!isBusy(error)) {
      database.close();
      throw error;
    }
  }
  database.close();
  return null;
}

function close(database: Database.Database): void {
  database.exec("DELETE FROM holder; COMMIT");
  database.close();
}

function readHolder(file: string): LockHolder | null {
  try {
    const database = new Database(file, { readonly: true, timeout: 0 });
    try {
      const value = database.prepare("SELECT value FROM holder WHERE row = 1").pluck().get();
      return typeof value === "string" ? (JSON.parse(value) as LockHolder) : null;
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}

function isBusy(error: unknown): boolean {
  return systemCode(error)?.startsWith("SQLITE_BUSY") ?? false;
}

function lockedError(request: LockRequest, holder: LockHolder | null): StudioError {
  const who =
    holder === null
      ? "another process"
      : `${holder.user} (process ${holder.pid}) since ${holder.since}, doing "${holder.kind}" (operation ${holder.operation})`;
  return new StudioError({
    code: "operation.locked",
    message: `The environment "${request.environment}" is locked by ${who}. Nothing was changed.`,
    hint: "Wait for it, or give --lock-wait 5m to wait here. `studio history` shows how it ends.",
    exitCode: exitCodes.locked,
    details: holder,
  });
}
