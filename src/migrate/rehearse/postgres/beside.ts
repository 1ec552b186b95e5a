import { setTimeout as sleep } from "node:timers/promises";
import type { Knex } from "knex";
import { type HeldLock, heldLocks, locksOfQuery } from "./held-locks.ts";

/** What was seen of a session, from another one, while a statement of it ran. */
export interface SeenBeside {
  /** Milliseconds in which it waited for a lock, to about the time between two looks. */
  waited: number;
  /** Sessions that held it up, in words, as of the last look at which it waited. */
  heldBy: string[];
  /** The locks it held at some moment, each once. */
  locks: HeldLock[];
}

/** Milliseconds between two looks. */
const pause = 50;

/**
 * Runs `statement` and looks at its session meanwhile; `seen` is told also when it fails.
 * @param observer a connection of its own
 * @param backend the number of the session's process
 * @param wantsLocks look at what it holds, too; else only whether it waits
 */
export async function lookBeside(
  { observer, backend, wantsLocks }: { observer: Knex; backend: number; wantsLocks: boolean },
  seen: SeenBeside,
  statement: () => Promise<void>,
): Promise<void> {
  let last = performance.now();
  const look = async (): Promise<void> => {
    const heldBy = await blockersOf(observer, backend);
    const now = performance.now();
    if (heldBy.length > 0) {
      seen.waited += now - last;
      seen.heldBy = heldBy;
    }
    last = now;
    if (wantsLocks) addLocks(seen, await locksOf(observer, backend));
  };
  const over = new AbortController();
  const looking = (async () => {
    for (;;) {
      await sleep(pause, undefined, { signal: over.signal });
      await look();
    }
  })();
  // What cannot be looked at is not told; the statement itself does not depend on it.
  const done = looking.catch(() => {});
  try {
    await statement();
  } finally {
    over.abort();
    await done;
  }
}

async function locksOf(observer: Knex, backend: number): Promise<HeldLock[]> {
  const { rows } = await observer.raw<{ rows: Record<string, unknown>[] }>(locksOfQuery, [backend]);
  return heldLocks(rows);
}

function addLocks(seen: SeenBeside, locks: readonly HeldLock[]): void {
  for (const lock of locks) {
    const isSame = (other: HeldLock) => other.oid === lock.oid && other.mode === lock.mode;
    if (!seen.locks.some(isSame)) seen.locks.push(lock);
  }
}

/**
 * `psql of ada (server process 4711), idle in transaction since 2026-11-20T21:05:00Z`. What others
 * run is not asked: their statements may hold secrets.
 */
const blockersQuery = `
  SELECT coalesce(nullif(a.application_name, ''), 'a client')
    || coalesce(' of ' || a.usename, '') || ' (server process ' || b.pid || ')'
    || coalesce(', ' || a.state, '')
    || coalesce(' since ' || to_char(a.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
    AS who
  FROM unnest(pg_catalog.pg_blocking_pids(?)) AS b (pid)
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = b.pid`;

async function blockersOf(observer: Knex, backend: number): Promise<string[]> {
  const { rows } = await observer.raw<{ rows: { who: string }[] }>(blockersQuery, [backend]);
  return rows.map(({ who }) => who);
}
