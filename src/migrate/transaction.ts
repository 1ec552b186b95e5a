import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { reasonOf, systemCode } from "../errors.ts";
import { brokenReferences, newlyBroken } from "./references.ts";

export interface TransactionRequest {
  session: Knex;
  dialect: Dialect;
  /** Milliseconds to wait for a lock on a table before giving way. */
  lockTimeout: number;
  signal?: AbortSignal;
  /** Ends the running statement of a server session. */
  cancel: (session: number) => Promise<void>;
  onRetry?: (retry: TransactionRetry) => void;
}

export interface TransactionRetry {
  attempt: number;
  attempts: number;
  /** Milliseconds until the next attempt. */
  pause: number;
  reason: string;
}

const attempts = 5;

/**
 * Runs `work` in one transaction. When it cannot get a lock within `lockTimeout`, the transaction
 * is rolled back and tried again after a pause that doubles: a statement that waits for a lock on
 * a table makes every later reader of that table wait behind it, so it must give way.
 */
export async function runInTransaction(
  request: TransactionRequest,
  work: (transaction: Knex.Transaction) => Promise<void>,
): Promise<void> {
  await giveWay(request, () => attemptOnce(request, work));
}

/** Tries again, after a pause that doubles, what could not get a lock within the time it had. */
export async function giveWay(
  request: Pick<TransactionRequest, "lockTimeout" | "signal" | "onRetry">,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (attempt >= attempts || !isLockConflict(error)) throw error;
      const pause = request.lockTimeout * 2 ** (attempt - 1) * (0.5 + Math.random() / 2);
      request.onRetry?.({ attempt, attempts, pause, reason: reasonOf(error) });
      await pauseFor(pause, request.signal);
    }
  }
}

async function attemptOnce(
  request: TransactionRequest,
  work: (transaction: Knex.Transaction) => Promise<void>,
): Promise<void> {
  const { session, signal } = request;
  if (request.dialect === "sqlite") {
    const before = await brokenReferences(session);
    await session.transaction(async (transaction) => {
      await untilAborted(work(transaction), signal);
      if (before !== null) await newlyBroken(transaction, before);
    });
    return;
  }
  await session.transaction(async (transaction) => {
    const backend = await limitLockWaits(transaction, request.lockTimeout);
    await untilAborted(work(transaction), signal, () => request.cancel(backend));
  });
}

/** Sets `lock_timeout` for this transaction only, and tells the number of the server's process. */
async function limitLockWaits(transaction: Knex.Transaction, timeout: number): Promise<number> {
  const result = await transaction.raw<{ rows: { backend: number }[] }>(
    "SELECT pg_backend_pid() AS backend, set_config('lock_timeout', ?, true)",
    [`${Math.max(1, Math.round(timeout))}ms`],
  );
  return result.rows[0]?.backend ?? 0;
}

/** `work`, or a rejection as soon as `signal` is aborted. */
export async function untilAborted(
  work: Promise<unknown>,
  signal: AbortSignal | undefined,
  onAbort: () => Promise<void> = async () => {},
): Promise<void> {
  if (signal === undefined) return void (await work);
  signal.throwIfAborted();
  const stop = new AbortController();
  const aborted = new Promise<never>((_resolve, reject) => {
    const give = () => {
      // The statement may end by itself first; then there is nothing to cancel.
      onAbort()
        .catch(() => {})
        .finally(() => reject(signal.reason as Error));
    };
    signal.addEventListener("abort", give, { once: true, signal: stop.signal });
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    stop.abort();
  }
}

async function pauseFor(pause: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(pause, undefined, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

/** lock_not_available and deadlock_detected, as each database calls them; SQLite: a writer held on. */
export function isLockConflict(error: unknown): boolean {
  const code = systemCode(error) ?? "";
  return /^(55P03|40P01|ER_LOCK_WAIT_TIMEOUT|ER_LOCK_DEADLOCK|SQLITE_(BUSY|LOCKED).*)$/.test(code);
}
