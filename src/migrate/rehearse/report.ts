/** Where pending migrations are tried: in a transaction that is rolled back, or on a copy. */
export type RehearsalPlace = "transaction" | "clone";

/** What pending migrations did when they were tried. Times are in milliseconds. */
export interface RehearsalReport {
  on: RehearsalPlace;
  /** None failed, and none gave way to another session. */
  ok: boolean;
  /** Every one came to its end. */
  complete: boolean;
  /** In the order in which they would be applied. */
  migrations: RehearsedMigration[];
  /** In the transaction or on the copy; without the time it took to make the copy. */
  milliseconds: number;
  /** What to know about the rehearsal, in sentences. */
  notes: string[];
}

/**
 * - `done`: it came to its end;
 * - `failed`: it would fail;
 * - `blocked`: another session held a lock that it needs for longer than it may wait;
 * - `notRehearsed`: it was left out, or stopped; `reason` says why.
 */
export type RehearsalOutcome = "done" | "failed" | "blocked" | "notRehearsed";

export interface RehearsedMigration {
  name: string;
  file: string;
  outcome: RehearsalOutcome;
  /** Of `notRehearsed`: why. */
  reason: string | null;
  /** Of `failed` and `blocked`. */
  failure: RehearsalFailure | null;
  /** Its own work, without what the rehearsal looked up in between. */
  milliseconds: number;
  statements: RehearsedStatement[];
  /** Tables that were there before and that it locks or rebuilds, the most severe first. */
  tables: TableImpact[];
}

export interface RehearsalFailure {
  /** What the database says, without the statement. */
  message: string;
  /** Absolute path: of a pair, the one that was run. */
  file: string;
  /** In that file; null where it cannot be told. */
  line: number | null;
  /** Of `blocked`: the sessions that hold the lock, as far as they can be told. */
  heldBy: string[];
}

export interface RehearsedStatement {
  /** Its beginning on one line, without bound values. */
  sql: string;
  /** In the migration's file; null where it cannot be told. */
  line: number | null;
  /** How often it ran: changes of rows that differ in their values alone are one. */
  times: number;
  /** Of all times together, as the rows below. */
  milliseconds: number;
  /** Of which it waited for locks of other sessions, to about a tenth of a second. */
  waited: number;
  /** Rows inserted, changed or deleted; null for a statement that does nothing of that. */
  rows: number | null;
  /** New ones on tables, views and sequences that were there before. */
  locks: StatementLock[];
  /** Tables whose whole content was written anew. */
  rewritten: string[];
  /** Indexes that were built anew, without those of a rewritten table. */
  reindexed: string[];
  truncated: string[];
  /** Why it was not run; null for one that was. */
  skipped: string | null;
}

export interface StatementLock {
  relation: string;
  /** As the server's manual names it: `ACCESS EXCLUSIVE`. */
  mode: string;
  /** `inferred`: from the kind of statement, where it could not be observed. */
  basis: "seen" | "inferred";
}

/** What a migration means for others who use a table. */
export interface TableImpact {
  /** Null: all tables of the database at once. */
  table: string | null;
  /** The strongest lock; null where the database has no names for them. */
  lock: string | null;
  /** From when the lock was taken to the end of the migration's work; 0: it does not block them. */
  blocksReaders: number;
  blocksWriters: number;
  rewritten: boolean;
  /** As the server estimates it; null where it does not. */
  rows: number | null;
  /** With indexes. */
  bytes: number | null;
}
