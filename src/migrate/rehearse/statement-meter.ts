import type { Knex } from "knex";
import type { GatedStatement, Passage, StatementGate } from "../../database/statement-gate.ts";
import { type StatementKind, firstWord, kindOfStatement } from "../statement-kind.ts";
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
    const line = trace.lineOf(sql, origin?.built ?? null);
    Object.assign(trace, { lastSql: sql, lastLine: line });
    const kind = kindOfStatement(sql);
    const statement = blankStatement(excerptOf(sql), line);
    const note = (): RehearsedStatement =>
      trace.isActing && kind !== "control" ? noteStatement(trace, statement, kind) : statement;
    if (verdict !== null) {
      this.#hasLeftOut = true;
      statement.skipped = verdict.skip;
      note();
      return;
    }
    const from = clock.now();
    try {
      await this.#watch().observe({ sql, statement, trace, from }, passage, async () => {
        try {
          await passage.run();
        } finally {
          statement.milliseconds = roundTime(clock.now() - from);
        }
      });
    } finally {
      const noted = note();
      if (origin !== null && (kind === "data" || firstWord(sql) === "with")) {
        origin.onRows ??= (rows) => {
          noted.rows = (noted.rows ?? 0) + rows;
        };
      }
    }
  }
}

/** Adds a statement to the list; a change of rows that is there already is counted with it. */
function noteStatement(
  { statements }: MigrationTrace,
  statement: RehearsedStatement,
  kind: StatementKind,
): RehearsedStatement {
  const same =
    kind === "data" || kind === "read"
      ? statements.findLast(({ sql, line }) => sql === statement.sql && line === statement.line)
      : undefined;
  if (same === undefined) {
    statements.push(statement);
    return statement;
  }
  same.times += 1;
  same.milliseconds = roundTime(same.milliseconds + statement.milliseconds);
  same.waited = roundTime(same.waited + statement.waited);
  same.locks.push(...statement.locks);
  return same;
}

function blankStatement(sql: string, line: number | null): RehearsedStatement {
  return {
    sql,
    line,
    times: 1,
    milliseconds: 0,
    waited: 0,
    rows: null,
    locks: [],
    rewritten: [],
    reindexed: [],
    truncated: [],
    skipped: null,
  };
}
