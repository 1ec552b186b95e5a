import type { Knex } from "knex";
import type { Passage } from "../../../database/statement-gate.ts";
import { kindOfStatement, transactionChange } from "../../statement-kind.ts";
import type { LockSpan } from "../lock-spans.ts";
import type { MigrationTrace } from "../migration-trace.ts";
import type { RehearsalPlace } from "../report.ts";
import type { StatementWatch, WatchedStatement } from "../statement-meter.ts";
import { roundTime } from "../work-clock.ts";
import { type SeenBeside, lookBeside } from "./beside.ts";
import { FileChanges } from "./file-changes.ts";
import { type HeldLock, heldLocks, ownLocksQuery } from "./held-locks.ts";
import { judgeInTransaction, judgeOnClone } from "./judge.ts";
import { type LockMode, lockMode } from "../../postgres-lock-mode.ts";
import { neededLocks } from "./needed-locks.ts";
import { type ParsedStatement, isPlainData, parseStatements } from "./parse.ts";
import { type Relation, type Relations, displayName, isIndex, readRelations } from "./relations.ts";

export interface PostgresWatchOptions {
  place: RehearsalPlace;
  /** A connection of its own to the same database. */
  observer: Knex;
  /** What was there before the migrations. */
  existing: Relations;
}

/** Finds out which locks statements take, and what they write anew. */
export class PostgresWatch implements StatementWatch {
  readonly #options: PostgresWatchOptions;
  readonly #files: FileChanges;
  /** Sequences that gave out numbers, which no rollback takes back. */
  readonly usedSequences = new Set<string>();
  backend = 0;
  #inTransaction: boolean;
  /** Of this transaction, by relation and mode; those of an earlier migration have no span. */
  readonly #held = new Map<string, LockSpan | null>();
  /** Texts of changes of rows that were looked at: they take no other locks the next time. */
  readonly #looked = new Set<string>();

  constructor(options: PostgresWatchOptions) {
    this.#options = options;
    this.#files = new FileChanges(options.existing);
    this.#inTransaction = options.place === "transaction";
  }

  /**
   * What is held from now on is held by an earlier migration, and would not be in earnest.
   * @param backend the number of the server's process of the session that is watched
   */
  beginMigration(backend: number): void {
    this.backend = backend;
    for (const key of this.#held.keys()) this.#held.set(key, null);
    this.#looked.clear();
  }

  judge(sql: string) {
    return this.#options.place === "transaction" ? judgeInTransaction(sql) : judgeOnClone(sql);
  }

  async observe(
    watched: WatchedStatement,
    passage: Passage,
    send: () => Promise<void>,
  ): Promise<void> {
    const { sql, statement, trace } = watched;
    if (kindOfStatement(sql) === "control") {
      await send();
      this.#noteControl(sql, trace);
      return;
    }
    const { observer } = this.#options;
    const { backend } = this;
    const wantsLocks = !this.#inTransaction;
    const seen: SeenBeside = { waited: 0, heldBy: [], locks: [] };
    try {
      await lookBeside({ observer, backend, wantsLocks }, seen, send);
    } finally {
      statement.waited = roundTime(Math.min(seen.waited, statement.milliseconds));
      trace.heldBy = seen.heldBy;
    }
    await trace.clock.without(() =>
      this.#inTransaction ? this.#noteHeld(watched, passage) : this.#noteAlone(watched, seen.locks),
    );
  }

  #noteControl(sql: string, { clock }: MigrationTrace): void {
    const change = transactionChange(sql);
    if (change === null || this.#options.place === "transaction") return;
    this.#inTransaction = change === "opens";
    for (const span of this.#held.values()) if (span !== null) span.until ??= clock.now();
    this.#held.clear();
    this.#looked.clear();
  }

  /** In a transaction: locks stay until its end, so that they can be looked at afterwards. */
  async #noteHeld(watched: WatchedStatement, passage: Passage): Promise<void> {
    const { sql, trace } = watched;
    const isRepeatable = isPlainData(sql);
    if (isRepeatable && this.#looked.has(sql)) return;
    if (isRepeatable) this.#looked.add(sql);
    const locks = heldLocks(await passage.query(ownLocksQuery));
    const keys = new Set(locks.map(keyOf));
    for (const [key, span] of this.#held) {
      if (keys.has(key)) continue;
      // A rollback to a savepoint gave it up.
      if (span !== null) span.until ??= trace.clock.now();
      this.#held.delete(key);
    }
    for (const lock of locks) {
      if (this.#held.has(keyOf(lock))) continue;
      this.#held.set(keyOf(lock), this.#noteLock(watched, lock.oid, lock.mode, "seen"));
    }
    const isShared = [...this.#held.values()].includes(null);
    const statements = isRepeatable && !isShared ? [] : await parsedForLocks(sql);
    const changed = this.#files.note(watched.statement, locks, statements);
    if (isShared) this.#noteNeeded(watched, changed, statements);
  }

  /** A lock that an earlier migration took hides that this one needs it, too. */
  #noteNeeded(
    watched: WatchedStatement,
    changed: readonly Relation[],
    statements: readonly ParsedStatement[],
  ): void {
    const strongest = lockMode("ACCESS EXCLUSIVE");
    const needed = [
      ...changed.map((relation) => ({ relation, mode: strongest })),
      ...neededLocks(statements).map(({ schema, name, mode }) => {
        return { relation: this.#files.find(schema, name), mode: lockMode(mode) };
      }),
    ];
    for (const { relation, mode } of needed) {
      if (relation === undefined) continue;
      const held = [...this.#held].filter(([key]) => key.startsWith(`${relation.oid} `));
      const isHidden = held.some(([key, span]) => span === null && isAsStrong(key, mode));
      const isKnown = held.some(([key, span]) => span !== null && isAsStrong(key, mode));
      if (!isHidden || isKnown) continue;
      const key = keyOf({ oid: relation.oid, mode });
      this.#held.set(key, this.#noteLock(watched, relation.oid, mode, "inferred"));
    }
  }

  /** Committed by itself: its locks are gone with it. */
  async #noteAlone(watched: WatchedStatement, seen: readonly HeldLock[]): Promise<void> {
    const { sql, trace } = watched;
    const until = trace.clock.now();
    const statements = (await parseStatements(sql)) ?? [];
    const known = new Set<string>();
    for (const { oid, mode } of seen) {
      const span = this.#noteLock(watched, oid, mode, "seen");
      if (span !== null) span.until = until;
      known.add(keyOf({ oid, mode }));
    }
    for (const { schema, name, mode } of neededLocks(statements)) {
      const oid = this.#files.find(schema, name)?.oid;
      const needed = lockMode(mode);
      if (oid === undefined || known.has(keyOf({ oid, mode: needed }))) continue;
      const span = this.#noteLock(watched, oid, needed, "inferred");
      if (span !== null) span.until = until;
    }
    const now = [...(await readRelations(this.#options.observer)).all()];
    this.#files.note(watched.statement, now, statements);
  }

  /** @returns the time that it is held, which counts for its table; null where it does not count */
  #noteLock(
    { statement, trace, from }: WatchedStatement,
    oid: string,
    mode: LockMode,
    basis: "seen" | "inferred",
  ): LockSpan | null {
    const { existing } = this.#options;
    const relation = existing.get(oid);
    if (relation === undefined || (isIndex(relation) && !mode.blocksReaders)) return null;
    statement.locks.push({ relation: displayName(relation), mode: mode.name, basis });
    if (relation.kind === "S") this.#noteSequence(relation, mode);
    if (mode.name === "ACCESS SHARE" || (relation.kind === "S" && !mode.blocksWriters)) return null;
    const span: LockSpan = {
      // Who plans a query of a table opens all of its indexes.
      table: displayName(existing.owner(relation)),
      lock: mode.name,
      strength: mode.strength,
      blocksReaders: mode.blocksReaders,
      blocksWriters: mode.blocksWriters,
      from: from + statement.waited,
      until: null,
    };
    trace.spans.push(span);
    return span;
  }

  #noteSequence(relation: Relation, mode: LockMode): void {
    if (mode.name === "ROW EXCLUSIVE") this.usedSequences.add(displayName(relation));
  }
}

/** Values by the megabyte are not worth the parsing. */
async function parsedForLocks(sql: string): Promise<ParsedStatement[]> {
  if (isPlainData(sql) && sql.length > 100_000) return [];
  return (await parseStatements(sql)) ?? [];
}

function keyOf({ oid, mode }: { oid: string; mode: LockMode }): string {
  return `${oid} ${mode.id}`;
}

function isAsStrong(key: string, needed: LockMode): boolean {
  return lockMode(key.slice(key.indexOf(" ") + 1)).strength >= needed.strength;
}
