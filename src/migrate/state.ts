import type { DatabaseAddress } from "../database/address.ts";
import type { AppliedMigration } from "./journal.ts";
import { lookAtJournal } from "./look-at-journal.ts";
import { type SchemaProblem, findProblems } from "./problems.ts";
import type { MigrationListing } from "./source.ts";

/** The schema of one database, compared with the migration files at hand. */
export interface SchemaState<File extends MigrationListing = MigrationListing> {
  /** The name of the migration applied last; null for a database without any. */
  head: string | null;
  /** In the order of application. */
  applied: AppliedMigration[];
  /** In the order in which they will be applied: by name. */
  pending: File[];
  /** Empty when `migrateUp` may go on. */
  problems: SchemaProblem[];
}

/**
 * Reads which migrations a database holds. Only reads: neither the SQLite file nor the journal
 * is created. Fails with `database.unavailable` (exit 8).
 * @param input.migrations as from `listMigrations`
 */
export async function readSchemaState<File extends MigrationListing>(input: {
  database: DatabaseAddress;
  migrations: File[];
}): Promise<SchemaState<File>> {
  const { database, migrations } = input;
  try {
    return compareSchema(await lookAtJournal(database), migrations);
  } catch (error) {
    // What explains a failure is loaded when there is one.
    const { databaseFailure } = await import("../database/session-failure.ts");
    throw databaseFailure(database, error) ?? error;
  }
}

/** Compares a journal (in the order of application) with migration files (sorted by name). */
export function compareSchema<File extends MigrationListing>(
  applied: AppliedMigration[],
  migrations: File[],
): SchemaState<File> {
  const known = new Set(applied.map((row) => row.name));
  const pending = migrations.filter((migration) => !known.has(migration.name));
  return {
    head: applied.at(-1)?.name ?? null,
    applied,
    pending,
    problems: findProblems(applied, migrations),
  };
}
