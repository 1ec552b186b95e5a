import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "mysql2/promise";
import { quoteName } from "../../../database/mysql/session.ts";
import type { LockSpan } from "../lock-spans.ts";
import type { WorkClock } from "../work-clock.ts";

/** Reading and writing a table without a row: waits as long as others would have to. */
const probes = {
  reader: (table: string) => `SELECT 1 FROM ${quoteName(table)} LIMIT 0`,
  writer: (table: string) => `DELETE FROM ${quoteName(table)} WHERE FALSE`,
};

/** Milliseconds between two tries, and above which one has waited. */
const pause = 20;

/**
 * Tries, while a statement runs, whether others could read and write tables: what the server's
 * locks on definitions are for them is what it measures, on every version.
 * @param connect opens a connection to the database of the tables
 */
export class Probe {
  readonly #connect: () => Promise<Connection>;
  readonly #idle: Connection[] = [];

  constructor(connect: () => Promise<Connection>) {
    this.#connect = connect;
  }

  /** @returns the times in which somebody would have waited, by the clock */
  async during(
    tables: readonly string[],
    clock: WorkClock,
    statement: () => Promise<void>,
  ): Promise<LockSpan[]> {
    const tasks = tables.flatMap((table) => [
      { table, kind: "reader" as const },
      { table, kind: "writer" as const },
    ]);
    await clock.without(async () => {
      while (this.#idle.length < tasks.length) this.#idle.push(await this.#connect());
    });
    const connections = this.#idle.splice(0, tasks.length);
    const over = new AbortController();
    const running = tasks.map(({ table, kind }, index) =>
      tryAgain(connections[index] as Connection, probes[kind](table), clock, over.signal),
    );
    try {
      await statement();
    } finally {
      over.abort();
      await Promise.allSettled(running);
      this.#idle.push(...connections);
    }
    const waits = await Promise.all(running);
    return waits.flatMap((list, index) => {
      const task = tasks[index];
      if (task === undefined) return [];
      return list.map((wait) => spanOf(task, wait));
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#idle.splice(0).map((connection) => connection.end().catch(() => {})));
  }
}

interface Wait {
  from: number;
  until: number;
}

async function tryAgain(
  connection: Connection,
  sql: string,
  clock: WorkClock,
  over: AbortSignal,
): Promise<Wait[]> {
  const waits: Wait[] = [];
  while (!over.aborted) {
    const from = clock.now();
    try {
      await connection.query(sql);
    } catch {
      // The table is gone, or cannot be written to: so it is for others.
      return waits;
    } finally {
      const until = clock.now();
      if (until - from > pause) waits.push({ from, until });
    }
    await sleep(pause);
  }
  return waits;
}

function spanOf({ table, kind }: { table: string; kind: keyof typeof probes }, wait: Wait) {
  const blocksReaders = kind === "reader";
  return { table, lock: null, strength: 0, blocksReaders, blocksWriters: !blocksReaders, ...wait };
}
