import type { Knex } from "knex";
import type { RunnableMigration, Umzug } from "umzug";
import { reachingDatabase } from "../database/session-failure.ts";
import { StudioError } from "../errors.ts";
import { type FailureOutcome, type MigrationDirection, migrationFailed } from "./failure.ts";
import * as journal from "./journal.ts";
import { logAction } from "./log.ts";
import { type MigrationModule, loadMigration } from "./module.ts";
import { type MigrationRun, mayGoOn } from "./run.ts";
import type { ScriptStatement } from "./script/statement.ts";
import { listenToStatements } from "./sent-statements.ts";
import type { MigrationListing } from "./source.ts";
import { forgetIfNothingDone, runStepwise } from "./stepwise.ts";
import { type TransactionRetry, runInTransaction } from "./transaction.ts";
import { type Verdicts, openVerdicts } from "./verdicts.ts";

/** Applies the named migrations, in the order given. */
export async function executeUp(run: MigrationRun, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const { database, migrations } = run.input;
  const wanted = migrations.filter(({ name }) => names.includes(name));
  const umzug = await createUmzug(run, await openVerdicts(run.session, database.dialect, wanted));
  await unwrapped(umzug.up({ migrations: names }));
}

/** Reverts the named migrations, in the order given. */
export async function executeDown(run: MigrationRun, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const umzug = await createUmzug(run, null);
  await unwrapped(umzug.down({ migrations: names }));
}

/**
 * Umzug executes in order and stops at the first failure. The journal is written inside each
 * migration's transaction; what Umzug calls logging only checks that it is there.
 */
async function createUmzug(
  run: MigrationRun,
  verdicts: Verdicts | null,
): Promise<Umzug<MigrationRun>> {
  const { Umzug: Executor } = await import("umzug");
  return new Executor<MigrationRun>({
    migrations: run.input.migrations.map((migration) => runnable({ run, migration, verdicts })),
    context: run,
    storage: {
      // One that stopped half-way up is still to be applied, and one half-way down to be reverted.
      executed: async () =>
        run.applied.filter(({ status }) => status !== "running").map(({ name }) => name),
      logMigration: ({ name }) => confirm(run, name, true),
      unlogMigration: ({ name }) => confirm(run, name, false),
    },
    logger: undefined,
  });
}

interface Assignment {
  run: MigrationRun;
  migration: MigrationListing;
  /** Null on the way down, where none is needed. */
  verdicts: Verdicts | null;
}

function runnable(assignment: Assignment): RunnableMigration<MigrationRun> {
  const { name, file } = assignment.migration;
  return {
    name,
    path: file,
    up: () => migrate(assignment, "up"),
    down: () => migrate(assignment, "down"),
  };
}

async function migrate(assignment: Assignment, direction: MigrationDirection): Promise<void> {
  const { run, migration } = assignment;
  await mayGoOn(run);
  const { name, file } = migration;
  const { onEvent, signal, database } = run.input;
  const module = await loadMigration(migration, database.dialect);
  onEvent?.({ type: direction === "up" ? "migrating" : "reverting", name, file });
  const started = performance.now();
  const unfinished = run.applied.find((row) => row.name === name && row.progress !== null) ?? null;
  const isStepwise = database.dialect === "mysql" || !module.transactional || unfinished !== null;
  const task = { ...assignment, module, direction, unfinished, started };
  try {
    await (isStepwise ? oneByOne(task) : inTransaction(task));
  } catch (error) {
    // What is left of it is told by the journal, and the next run goes on from there.
    if (isStepwise) await forgetIfNothingDone(run, name).catch(() => false);
    signal?.throwIfAborted();
    // The database could not even take the journal's row: the migration is not to blame.
    if (error instanceof StudioError) throw error;
    const outcome = await outcomeOf(run, name, direction);
    throw migrationFailed({ migration, direction, error, outcome, done: run.done });
  }
  const milliseconds = Math.round(performance.now() - started);
  onEvent?.({ type: direction === "up" ? "migrated" : "reverted", name, file, milliseconds });
}

interface Task extends Assignment {
  module: MigrationModule;
  direction: MigrationDirection;
  /** The journal's row, where an earlier run stopped half-way. */
  unfinished: journal.AppliedMigration | null;
  /** By the clock of `performance`. */
  started: number;
}

/** The journal is written in the transaction of the migration. */
async function inTransaction(task: Task): Promise<void> {
  const { run, migration } = task;
  const { signal, lockTimeout, database } = run.input;
  const transaction = {
    session: run.session,
    dialect: database.dialect,
    lockTimeout,
    signal,
    cancel: (session: number) => run.lock.cancel(session),
    onRetry: tellRetry(run, migration),
  };
  await runInTransaction(transaction, async (knex) => {
    await begin(task, knex, false);
    const sent = await act(task, knex);
    await end(task, knex, sent);
  });
}

/** The journal is written before the migration, with each of its statements, and after it. */
async function oneByOne(task: Task): Promise<void> {
  const { run, migration, direction, unfinished } = task;
  if (unfinished === null) await begin(task, run.session, true);
  const work = { run, name: migration.name, direction, unfinished };
  let sent: ScriptStatement[] = [];
  await runStepwise({ ...work, onRetry: tellRetry(run, migration) }, async (knex) => {
    sent = await act(task, knex);
  });
  await run.session.transaction((knex) => end(task, knex, sent));
}

function tellRetry({ input }: MigrationRun, { name }: MigrationListing) {
  return (retry: TransactionRetry) => input.onEvent?.({ type: "retrying", name, ...retry });
}

async function begin(
  { run, migration, module, direction }: Task,
  knex: Knex,
  stepwise: boolean,
): Promise<void> {
  const { database, who } = run.input;
  await reachingDatabase(database, async () => {
    if (direction === "down") return journal.journalReverting(knex, migration.name, stepwise);
    const parent = run.applied.at(-1);
    const reversible = module.down !== undefined;
    await journal.journalStarted(
      knex,
      { ...migration, reversible },
      {
        parent,
        startedAt: clockOf(run)(),
        who,
        stepwise,
      },
    );
  });
}

/** @returns what it sent to change the database */
function act({ module, direction }: Task, knex: Knex): Promise<ScriptStatement[]> {
  return listenToStatements(knex, () => module[direction]?.(knex));
}

async function end(task: Task, knex: Knex, sent: ScriptStatement[]): Promise<void> {
  const { run, migration, module, direction, started } = task;
  const { name, checksum } = migration;
  const at = clockOf(run)();
  if (direction === "up") {
    const compatible = task.verdicts?.(migration, module, sent) === true;
    await journal.journalFinished(knex, { name, checksum, compatible }, at);
  } else await journal.journalReverted(knex, name);
  const milliseconds = Math.round(performance.now() - started);
  const action = direction === "up" ? "applied" : "reverted";
  await logAction(knex, run.input.who, { action, name, checksum, milliseconds, at });
}

function clockOf({ input }: MigrationRun): () => Date {
  return input.now ?? (() => new Date());
}

/** Reads the journal anew and checks that it says what was done: no claim without a check. */
async function confirm(run: MigrationRun, name: string, expected: boolean): Promise<void> {
  const found = (await run.readAgain()).some(
    (row) => row.name === name && row.status === "applied",
  );
  if (found !== expected) {
    throw new Error(`the journal does not hold what was done to ${name}`);
  }
  run.done.push(name);
}

async function outcomeOf(
  run: MigrationRun,
  name: string,
  direction: MigrationDirection,
): Promise<FailureOutcome> {
  try {
    const row = (await journal.readJournal(run.session)).find((other) => other.name === name);
    const before = direction === "up" ? undefined : "applied";
    return row?.status === before ? "undone" : "left";
  } catch {
    return "unknown";
  }
}

/** The error that a migration ended with, without the wrapping that Umzug puts around it. */
async function unwrapped(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error && error.name === "MigrationError") throw error.cause;
    throw error;
  }
}
