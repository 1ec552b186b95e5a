import type { Knex } from "knex";
import type { RunnableMigration, Umzug } from "umzug";
import { reachingDatabase } from "../database/session-failure.ts";
import { StudioError } from "../errors.ts";
import { type FailureOutcome, migrationFailed } from "./failure.ts";
import * as journal from "./journal.ts";
import { type MigrationModule, loadMigration } from "./module.ts";
import { type MigrationRun, mayGoOn } from "./run.ts";
import type { MigrationFile } from "./source.ts";
import { type TransactionRetry, runInTransaction } from "./transaction.ts";

/** Applies the named migrations, in the order given. */
export async function executeUp(run: MigrationRun, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const umzug = await createUmzug(run);
  await unwrapped(umzug.up({ migrations: names }));
}

/** Reverts the named migrations, in the order given. */
export async function executeDown(run: MigrationRun, names: string[]): Promise<void> {
  if (names.length === 0) return;
  const umzug = await createUmzug(run);
  await unwrapped(umzug.down({ migrations: names }));
}

/**
 * Umzug executes in order and stops at the first failure. The journal is written inside each
 * migration's transaction; what Umzug calls logging only checks that it is there.
 */
async function createUmzug(run: MigrationRun): Promise<Umzug<MigrationRun>> {
  const { Umzug: Executor } = await import("umzug");
  return new Executor<MigrationRun>({
    migrations: run.input.migrations.map((migration) => runnable(run, migration)),
    context: run,
    storage: {
      executed: async () => run.applied.map(({ name }) => name),
      logMigration: ({ name }) => confirm(run, name, true),
      unlogMigration: ({ name }) => confirm(run, name, false),
    },
    logger: undefined,
  });
}

function runnable(run: MigrationRun, migration: MigrationFile): RunnableMigration<MigrationRun> {
  return {
    name: migration.name,
    path: migration.file,
    up: () => migrate(run, migration, "up"),
    down: () => migrate(run, migration, "down"),
  };
}

async function migrate(
  run: MigrationRun,
  migration: MigrationFile,
  direction: "up" | "down",
): Promise<void> {
  await mayGoOn(run);
  const { name, file } = migration;
  const { onEvent, signal, lockTimeout, database } = run.input;
  const module = await loadMigration(migration, database.dialect);
  onEvent?.({ type: direction === "up" ? "migrating" : "reverting", name, file });
  const started = performance.now();
  const transaction = {
    session: run.session,
    dialect: database.dialect,
    lockTimeout,
    signal,
    cancel: (session: number) => run.lock.cancel(session),
    onRetry: (retry: TransactionRetry) => onEvent?.({ type: "retrying", name, ...retry }),
  };
  try {
    const work = direction === "up" ? up : down;
    await runInTransaction(transaction, (knex) => work(run, knex, migration, module));
  } catch (error) {
    signal?.throwIfAborted();
    // The database could not even take the journal's row: the migration is not to blame.
    if (error instanceof StudioError) throw error;
    const outcome = await outcomeOf(run, name, direction);
    throw migrationFailed({ migration, direction, error, outcome, done: run.done });
  }
  const milliseconds = Math.round(performance.now() - started);
  onEvent?.({ type: direction === "up" ? "migrated" : "reverted", name, file, milliseconds });
}

type Work = (
  run: MigrationRun,
  knex: Knex.Transaction,
  migration: MigrationFile,
  module: MigrationModule,
) => Promise<void>;

const up: Work = async (run, knex, migration, module) => {
  const now = run.input.now ?? (() => new Date());
  const row = { parent: run.applied.at(-1), startedAt: now(), who: run.input.who };
  await reachingDatabase(run.input.database, () => journal.journalStarted(knex, migration, row));
  await module.up(knex);
  await journal.journalFinished(knex, migration.name, now());
};

const down: Work = async (run, knex, migration, module) => {
  await reachingDatabase(run.input.database, () => journal.journalReverting(knex, migration.name));
  await module.down?.(knex);
  await journal.journalReverted(knex, migration.name);
};

/** Reads the journal anew and checks that it says what was done: no claim without a check. */
async function confirm(run: MigrationRun, name: string, expected: boolean): Promise<void> {
  run.applied = await journal.readJournal(run.session);
  const found = run.applied.some((row) => row.name === name && row.status === "applied");
  if (found !== expected) {
    throw new Error(`the journal does not hold what was done to ${name}`);
  }
  run.done.push(name);
}

async function outcomeOf(
  run: MigrationRun,
  name: string,
  direction: "up" | "down",
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
