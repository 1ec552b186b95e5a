import type { DatabaseAddress } from "../database/address.ts";
import type { Migrator } from "./journal.ts";
import { type LockConnection, acquireMigrationLock } from "./lock.ts";

export interface UnderLockInput {
  database: DatabaseAddress;
  who: Migrator;
  /** Milliseconds to wait for another process that migrates; default 60,000. */
  lockWait?: number;
  signal?: AbortSignal;
  onEvent?: (event: { type: "waiting"; holder: string | null }) => void;
}

/** Holds the lock of the database while `work` runs, so that nobody else migrates it meanwhile. */
export async function underMigrationLock<T>(
  input: UnderLockInput,
  work: (lock: LockConnection) => Promise<T>,
): Promise<T> {
  const { database, who, signal } = input;
  signal?.throwIfAborted();
  const lock = await acquireMigrationLock({
    database,
    who,
    wait: input.lockWait ?? 60_000,
    signal,
    onWaiting: (holder) => input.onEvent?.({ type: "waiting", holder }),
  });
  try {
    return await work(lock);
  } finally {
    // A lock connection that was lost cannot be closed in good order; the lock is gone anyway.
    await lock.close().catch(() => {});
  }
}
