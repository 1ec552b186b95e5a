/** A time in which a lock was held, in milliseconds since the migration began. */
export interface LockSpan {
  /** Null: all tables of the database. */
  table: string | null;
  lock: string | null;
  /** To find the strongest of several. */
  strength: number;
  blocksReaders: boolean;
  blocksWriters: boolean;
  from: number;
  /** Null while it is held: to the end of the migration. */
  until: number | null;
}

/** What the locks on one table add up to. */
export interface BlockedTime {
  table: string | null;
  lock: string | null;
  /** Milliseconds; times in which several locks were held count once. */
  blocksReaders: number;
  blocksWriters: number;
}

/**
 * Adds up, for each table, for how long others could not read or write.
 * @param end of the migration's work, in milliseconds since it began
 * @returns the table with the most severe locks first
 */
export function blockedTimes(spans: readonly LockSpan[], end: number): BlockedTime[] {
  const byTable = Map.groupBy(spans, ({ table }) => table);
  const times = [...byTable].map(([table, own]) => {
    const strongest = own.reduce((one, other) => (other.strength > one.strength ? other : one));
    return {
      table,
      lock: strongest.lock,
      strength: strongest.strength,
      blocksReaders: covered(
        own.filter(({ blocksReaders }) => blocksReaders),
        end,
      ),
      blocksWriters: covered(
        own.filter(({ blocksWriters }) => blocksWriters),
        end,
      ),
    };
  });
  times.sort(
    (one, other) =>
      other.blocksReaders - one.blocksReaders ||
      other.blocksWriters - one.blocksWriters ||
      other.strength - one.strength ||
      ((one.table ?? "") < (other.table ?? "") ? -1 : 1),
  );
  return times.map(({ strength: _strength, ...time }) => time);
}

/** The length of the union of time spans. */
function covered(spans: readonly LockSpan[], end: number): number {
  let total = 0;
  let reached = 0;
  for (const { from, until } of spans.toSorted((one, other) => one.from - other.from)) {
    const [start, stop] = [Math.max(from, reached), Math.min(until ?? end, end)];
    if (stop <= start) continue;
    total += stop - start;
    reached = stop;
  }
  return total;
}
