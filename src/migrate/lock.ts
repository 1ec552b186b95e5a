import { setTimeout as sleep } from "node:timers/promises";
import { type DatabaseAddress, describeDatabase } from "../database/address.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { Migrator } from "./journal.ts";
import { openMysqlLock } from "./lock-mysql.ts";
import { openPostgresLock } from "./lock-postgres.ts";
import { openSqliteLock } from "./lock-sqlite.ts";

/** A connection of its own through which the lock is asked for and held. */
export interface LockConnection {
  tryAcquire(): Promise<boolean>;
  /** Who holds it, in words; null where that cannot be told. */
  holder(): Promise<string | null>;
  /** False once the connection, and with it the lock, is lost. */
  isHeld(): Promise<boolean>;
  /** Ends the statement that another session of this process is waiting for. */
  cancel(session: number): Promise<void>;
  close(): Promise<void>;
}

export interface LockRequest {
  database: DatabaseAddress;
  who: Migrator;
  /** Milliseconds to wait for another holder; 0 fails at once. */
  wait: number;
  signal?: AbortSignal;
  onWaiting?: (holder: string | null) => void;
}

const openers = { postgres: openPostgresLock, mysql: openMysqlLock, sqlite: openSqliteLock };

/**
 * Takes the lock under which one process at a time migrates a database; the others wait.
 * The kernel or the server frees it when the holder dies. It is polled, never waited for inside
 * the database: a session that waits in a statement holds a snapshot, for which PostgreSQL's
 * CREATE INDEX CONCURRENTLY waits in turn.
 * Fails with `migration.locked` (exit 7) when the wait is over.
 */
export async function acquireMigrationLock(request: LockRequest): Promise<LockConnection> {
  const connection = await openers[request.database.dialect](request.database, request.who);
  try {
    await waitFor(connection, request);
    return connection;
  } catch (error) {
    await connection.close();
    request.signal?.throwIfAborted();
    throw error;
  }
}

async function waitFor(connection: LockConnection, request: LockRequest): Promise<void> {
  const deadline = Date.now() + request.wait;
  let told = false;
  while (!(await connection.tryAcquire())) {
    const expired = Date.now() >= deadline;
    if (expired || !told) {
      const holder = await connection.holder();
      if (expired) throw lockedError(request, holder);
      request.onWaiting?.(holder);
      told = true;
    }
    await sleep(50 + Math.random() * 100, undefined, { signal: request.signal });
  }
}

function lockedError(request: LockRequest, holder: string | null): StudioError {
  return new StudioError({
    code: "migration.locked",
    message:
      `${describeDatabase(request.database)} is being migrated by ${holder ?? "another process"}. ` +
      `Waited ${Math.round(request.wait / 1000)} s; nothing was changed.`,
    hint: "Wait until it is done, then run the command again, or give a longer --lock-wait.",
    exitCode: exitCodes.locked,
    details: { holder },
  });
}
