import { existsSync } from "node:fs";
import type { AppliedMigration } from "../journal.ts";
import { type LockConnection, acquireMigrationLock } from "../lock.ts";
import { lookAtJournal } from "../look-at-journal.ts";
import { planUp } from "../plan.ts";
import type { MigrateInput } from "../run.ts";
import { type MigrationFile, type MigrationListing, loadMigrations } from "../source.ts";
import type { RehearsedMigration } from "./report.ts";

/** What is to be tried, in the order in which it would be applied. */
export interface PlannedMigration {
  migration: MigrationFile;
  /** Its row in the journal, where an earlier run stopped half-way. */
  unfinished: AppliedMigration | null;
}

/** Holds the lock of the database while `work` runs, so that nobody migrates it meanwhile. */
export async function underMigrationLock<T>(
  input: MigrateInput,
  work: (lock: LockConnection) => Promise<T>,
): Promise<T> {
  const { database, who, signal } = input;
  signal?.throwIfAborted();
  const lock = await acquireMigrationLock({
    database,
    who,
    wait: input.lockWait ?? 60_000,
    signal,
    onWaiting: (holder) => input.onEvent?.({ type: "waiting", holder }),
  });
  try {
    return await work(lock);
  } finally {
    // A lock connection that was lost cannot be closed in good order; the lock is gone anyway.
    await lock.close().catch(() => {});
  }
}

/** The same for who needs no lock of a SQLite file that does not exist: it would be created. */
export function whileNobodyMigrates<T>(input: MigrateInput, work: () => Promise<T>): Promise<T> {
  const { file } = input.database;
  return file !== null && !existsSync(file) ? work() : underMigrationLock(input, work);
}

/**
 * What `migrate up` would apply.
 * Fails with `migration.problems` (exit 4), and with `migration.invalid` (2) where one of them
 * cannot be used.
 */
export async function planRehearsal(
  input: MigrateInput & { to?: string },
): Promise<PlannedMigration[]> {
  const applied = await lookAtJournal(input.database);
  const names = planUp(applied, input.migrations, input.to);
  const listings = names.flatMap((name) => input.migrations.find((one) => one.name === name) ?? []);
  const migrations = await loadMigrations(listings, input.database.dialect);
  return migrations.map((migration) => ({
    migration,
    unfinished: applied.find((row) => row.name === migration.name) ?? null,
  }));
}

export function applicationNameFor({ user, host }: MigrateInput["who"]): string {
  return `studio rehearse ${user}@${host}`;
}

/** One that was not run. */
export function notRehearsed({ name, file }: MigrationListing, reason: string): RehearsedMigration {
  return {
    name,
    file,
    outcome: "notRehearsed",
    reason,
    failure: null,
    milliseconds: 0,
    statements: [],
    tables: [],
  };
}
