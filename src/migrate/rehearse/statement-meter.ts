import type { Knex } from "knex";
import type { GatedStatement, Passage, StatementGate } from "../../database/statement-gate.ts";
import { firstWord, kindOfStatement } from "../statement-kind.ts";
import { excerptOf } from "./excerpt.ts";
import type { MigrationTrace } from "./migration-trace.ts";
import type { RehearsedStatement } from "./report.ts";
import { type StatementOrigin, traceOrigins } from "./statement-origin.ts";
import { roundTime } from "./work-clock.ts";

/** A statement on its way, with what is found out about it. */
export interface WatchedStatement {
  /** The whole text. */
  sql: string;
  statement: RehearsedStatement;
  trace: MigrationTrace;
  /** By the clock of the trace. */
  from: number;
}

/** What must not be sent as it is: left out, or the end of this migration's rehearsal. */
export type Verdict = { skip: string } | { refuse: string } | null;

/** What a kind of database can tell about statements. */
export interface StatementWatch {
  judge(sql: string, trace: MigrationTrace): Promise<Verdict>;
  /** Lets the statement through, by `send`, and notes what it did. */
  observe(watched: WatchedStatement, passage: Passage, send: () => Promise<void>): Promise<void>;
}

/** Sees every statement of a session, and measures those of the migration that runs. */
export class StatementMeter {
  readonly #watch: () => StatementWatch;
  #trace: MigrationTrace | null = null;
  #origin: () => StatementOrigin | null = () => null;
  #last: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #hasLeftOut = false;

  /** @param watch asked for with the first statement of a migration */
  constructor(watch: () => StatementWatch) {
    this.#watch = watch;
  }

  /** To open the session with. */
  readonly gate: StatementGate = (statement, passage) => {
    const trace = this.#trace;
    const origin = this.#origin();
    // One connection runs one statement after the other, whatever a program starts at once.
    const turn = this.#last.then(() => {
      if (this.#isClosed && firstWord(statement.sql) !== "rollback") throw new Error("stopped");
      return trace === null ? passage.run() : this.#measure(statement, passage, trace, origin);
    });
    this.#last = turn.catch(() => {});
    return turn;
  };

  attach(session: Knex): void {
    this.#origin = traceOrigins(session);
  }

  /** The statements from now on are those of this migration; null: of none. */
  follow(trace: MigrationTrace | null): void {
    this.#trace = trace;
  }

  /** Whether a statement of any migration was left out. */
  get hasLeftOut(): boolean {
    return this.#hasLeftOut;
  }

  /** Lets nothing through any more but a ROLLBACK: a program that was given up may still run. */
  close(): void {
    this.#isClosed = true;
  }

  async #measure(
    { sql }: GatedStatement,
    passage: Passage,
    trace: MigrationTrace,
    origin: StatementOrigin | null,
  ): Promise<void> {
    const { clock } = trace;
    const verdict = await clock.without(() => this.#watch().judge(sql, trace));
    if (verdict !== null && "refuse" in verdict) {
      // A program may catch the error.
      trace.refusal ??= verdict.refuse;
      throw new Error(verdict.refuse);
    }
    trace.lastSql = sql;
    const line = trace.lineOf(sql, origin?.built ?? null);
    const statement = { ...blank, locks: [], rewritten: [], reindexed: [], truncated: [] };
    Object.assign(statement, { sql: excerptOf(sql), line, skipped: verdict?.skip ?? null });
    const kind = kindOfStatement(sql);
    if (trace.isActing && kind !== "control") trace.statements.push(statement);
    if (verdict !== null) {
      this.#hasLeftOut = true;
      return;
    }
    if (origin !== null && (kind === "data" || firstWord(sql) === "with")) {
      origin.onRows ??= (rows) => {
        statement.rows = rows;
      };
    }
    const from = clock.now();
    await this.#watch().observe({ sql, statement, trace, from }, passage, async () => {
      try {
        await passage.run();
      } finally {
        statement.milliseconds = roundTime(clock.now() - from);
      }
    });
  }
}

const blank: RehearsedStatement = {
  sql: "",
  line: null,
  milliseconds: 0,
  waited: 0,
  rows: null,
  locks: [],
  rewritten: [],
  reindexed: [],
  truncated: [],
  skipped: null,
};
