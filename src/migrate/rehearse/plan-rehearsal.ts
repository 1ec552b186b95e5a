import { existsSync } from "node:fs";
import type { AppliedMigration } from "../journal.ts";
import { lookAtJournal } from "../look-at-journal.ts";
import { planUp } from "../plan.ts";
import type { MigrateInput } from "../run.ts";
import { type MigrationFile, type MigrationListing, loadMigrations } from "../source.ts";
import { underMigrationLock } from "../under-lock.ts";
import type { RehearsedMigration } from "./report.ts";

/** What is to be tried, in the order in which it would be applied. */
export interface PlannedMigration {
  migration: MigrationFile;
  /** Its row in the journal, where an earlier run stopped half-way. */
  unfinished: AppliedMigration | null;
}

/** Runs `work` under the lock; without one for a SQLite file that does not exist: it would be created. */
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
