import type { MigrationDirection } from "../failure.ts";
import { lineOf } from "../error-place.ts";
import type { MigrationModule } from "../module.ts";
import type { ScriptStatement } from "../script/statement.ts";
import type { LockSpan } from "./lock-spans.ts";
import type { RehearsedStatement } from "./report.ts";
import { WorkClock } from "./work-clock.ts";

/** What is seen of one migration while it runs. */
export interface MigrationTrace {
  file: string;
  clock: WorkClock;
  statements: RehearsedStatement[];
  spans: LockSpan[];
  /** Its own statements run now: not those that begin and end its transaction. */
  isActing: boolean;
  /** Why it cannot be rehearsed here, once that has shown. */
  refusal: string | null;
  /** The text that was sent last. */
  lastSql: string;
  lastLine: number | null;
  /** Who held the lock that the last statement waited for, as far as it can be told. */
  heldBy: string[];
  /** The line of a statement in the migration's file. */
  lineOf(sql: string, built: Error | null): number | null;
}

export function traceMigration(
  file: string,
  module: MigrationModule,
  direction: MigrationDirection,
): MigrationTrace {
  const written = module.statements?.[direction] ?? null;
  return {
    file,
    clock: new WorkClock(),
    statements: [],
    spans: [],
    isActing: false,
    refusal: null,
    lastSql: "",
    lastLine: null,
    heldBy: [],
    lineOf: written === null ? (_sql, built) => lineOf(built, file) : linesOf(written),
  };
}

/** Finds each statement of an SQL file as it comes by, in their order. */
function linesOf(statements: readonly ScriptStatement[]): (sql: string) => number | null {
  let next = 0;
  return (sql) => {
    const text = sql.trim();
    const index = statements.findIndex((one, at) => at >= next && one.sql.trim() === text);
    if (index < 0) return null;
    next = index + 1;
    return statements[index]?.line ?? null;
  };
}
