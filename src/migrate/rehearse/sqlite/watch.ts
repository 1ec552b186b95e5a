import type { Passage } from "../../../database/statement-gate.ts";
import { firstWord, kindOfStatement, transactionChange } from "../../statement-kind.ts";
import type { LockSpan } from "../lock-spans.ts";
import type { StatementWatch, Verdict, WatchedStatement } from "../statement-meter.ts";

/** By table: the page where its rows begin, another one for a table that was built anew. */
type Roots = Map<string, unknown>;

const rootsQuery = "SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'";

/**
 * Finds out for how long a migration keeps other writers waiting: all of them, from the beginning
 * of its transaction to the end. Readers go on with the state before it, in WAL mode.
 */
export class SqliteWatch implements StatementWatch {
  #transaction: LockSpan | null = null;
  #roots: Roots | null = null;

  async judge(sql: string): Promise<Verdict> {
    return firstWord(sql) === "attach"
      ? { refuse: "it attaches another file, which is no copy" }
      : null;
  }

  async observe(
    { sql, statement, trace, from }: WatchedStatement,
    passage: Passage,
    send: () => Promise<void>,
  ): Promise<void> {
    const kind = kindOfStatement(sql);
    const { clock, spans } = trace;
    const span: LockSpan = { ...allWriters, from, until: null };
    this.#roots ??= await clock.without(() => readRoots(passage));
    await send();
    const change = transactionChange(sql);
    if (change === "opens") {
      this.#transaction = span;
      spans.push(span);
    }
    if (change === "ends" && this.#transaction !== null) {
      this.#transaction.until = clock.now();
      this.#transaction = null;
    }
    if (kind !== "data" && kind !== "definition") return;
    if (this.#transaction === null) spans.push({ ...span, until: clock.now() });
    if (kind === "definition") {
      await clock.without(async () => {
        statement.rewritten.push(
          ...movedTables(this.#roots ?? new Map(), await readRoots(passage)),
        );
      });
    }
  }
}

const allWriters = {
  table: null,
  lock: null,
  strength: 0,
  blocksReaders: false,
  blocksWriters: true,
};

async function readRoots(passage: Passage): Promise<Roots> {
  // With auto_vacuum, tables move for other reasons.
  const [mode] = await passage.query("PRAGMA auto_vacuum");
  if (mode?.["auto_vacuum"] !== 0) return new Map();
  const rows = await passage.query(rootsQuery);
  return new Map(rows.map((row) => [String(row["name"]), row["rootpage"]]));
}

/** Tells which tables are elsewhere now, and notes where. */
function movedTables(known: Roots, now: Roots): string[] {
  // A table is built anew under another name and then renamed: those that are gone stay known.
  const moved = [...now].filter(([name, root]) => known.has(name) && known.get(name) !== root);
  for (const [name, root] of now) known.set(name, root);
  return moved.map(([name]) => name).sort();
}
