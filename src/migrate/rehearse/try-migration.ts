import { StudioError, reasonOf, systemCode } from "../../errors.ts";
import { placeOfError } from "../error-place.ts";
import type { MigrationDirection } from "../failure.ts";
import { type MigrationModule, loadMigration } from "../module.ts";
import type { MigrateInput } from "../run.ts";
import type { MigrationListing } from "../source.ts";
import { isLockConflict } from "../transaction.ts";
import { blockedTimes } from "./lock-spans.ts";
import { type MigrationTrace, traceMigration } from "./migration-trace.ts";
import type { RehearsalFailure, RehearsedMigration, TableImpact } from "./report.ts";
import type { StatementMeter } from "./statement-meter.ts";
import { roundTime } from "./work-clock.ts";

export interface Attempt {
  migration: MigrationListing;
  direction?: MigrationDirection;
  meter: StatementMeter;
  /** An abort by `signal` fails the attempt with its reason. */
  input: Pick<MigrateInput, "database" | "signal" | "onEvent">;
  /** Why the rehearsal as a whole was stopped; null while it was not. */
  stopped: () => string | null;
  /** Runs it, with `isActing` set while its own statements run. */
  work: (module: MigrationModule, trace: MigrationTrace) => Promise<void>;
}

/** Runs one migration and tells what was seen of it, also when it fails. */
export async function tryMigration(attempt: Attempt): Promise<RehearsedMigration> {
  const { migration, direction = "up", meter } = attempt;
  const { name, file } = migration;
  const { database, onEvent } = attempt.input;
  const module = await loadMigration(migration, database.dialect);
  onEvent?.({ type: direction === "up" ? "migrating" : "reverting", name, file });
  const trace = traceMigration(file, module, direction);
  meter.follow(trace);
  const error = await attempt.work(module, trace).then(
    () => null,
    (thrown: unknown) => ({ thrown }),
  );
  meter.follow(null);
  const end = trace.clock.now();
  const milliseconds = Math.round(end);
  onEvent?.({ type: direction === "up" ? "migrated" : "reverted", name, file, milliseconds });
  return {
    name,
    file,
    ...outcomeOf(attempt, trace, error),
    milliseconds: roundTime(end),
    statements: trace.statements,
    tables: impactsOf(trace, end),
  };
}

type Verdict = Pick<RehearsedMigration, "outcome" | "reason" | "failure">;

function outcomeOf(
  { meter, input, stopped }: Attempt,
  trace: MigrationTrace,
  error: { thrown: unknown } | null,
): Verdict {
  input.signal?.throwIfAborted();
  const notRehearsed = (reason: string): Verdict => {
    return { outcome: "notRehearsed", reason, failure: null };
  };
  if (trace.refusal !== null) return notRehearsed(trace.refusal);
  if (error === null) return { outcome: "done", reason: null, failure: null };
  const { thrown } = error;
  const reason = stopped();
  if (reason !== null) return notRehearsed(reason);
  if (thrown instanceof StudioError) throw thrown;
  const failure = failureOf(trace, thrown);
  if (isLockConflict(thrown)) return { outcome: "blocked", reason: null, failure };
  if (usesNewEnumValue(trace, thrown)) {
    return notRehearsed("it uses a value that an earlier migration adds to an enum: needs a clone");
  }
  if (meter.hasLeftOut) {
    return notRehearsed(`a statement was left out, and then it failed: ${failure.message}`);
  }
  return { outcome: "failed", reason: null, failure };
}

function failureOf({ file, heldBy, lastSql, lastLine }: MigrationTrace, error: unknown) {
  const reason = reasonOf(error);
  // The query builder puts the statement before what the database says.
  const prefix = `${lastSql} - `;
  const place = placeOfError(error, file);
  return {
    message: reason.startsWith(prefix) ? reason.slice(prefix.length) : reason,
    file: place.file,
    line: place.line ?? lastLine,
    heldBy: isLockConflict(error) ? heldBy : [],
  } satisfies RehearsalFailure;
}

/**
 * PostgreSQL's unsafe_new_enum_value_usage: a value may be used once it is committed. In earnest
 * the migration that added it is committed before this one runs.
 */
function usesNewEnumValue({ statements }: MigrationTrace, error: unknown): boolean {
  const adds = statements.some(({ sql }) => /\balter\s+type\b.*\badd\s+value\b/i.test(sql));
  return systemCode(error) === "55P04" && !adds;
}

function impactsOf({ spans, statements }: MigrationTrace, end: number): TableImpact[] {
  const rewritten = new Set(statements.flatMap((statement) => statement.rewritten));
  const times = blockedTimes(spans, end).map((time) => ({
    ...time,
    blocksReaders: roundTime(time.blocksReaders),
    blocksWriters: roundTime(time.blocksWriters),
  }));
  const unseen = [...rewritten].filter((name) => times.every(({ table }) => table !== name));
  const all = [...times, ...unseen.map((table) => ({ ...notLocked, table }))];
  return all.map((time) => ({
    ...time,
    rewritten: time.table !== null && rewritten.has(time.table),
    rows: null,
    bytes: null,
  }));
}

const notLocked = { lock: null, blocksReaders: 0, blocksWriters: 0 };
