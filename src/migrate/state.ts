import { reachingDatabase } from "../database/session-failure.ts";
import type { DatabaseAddress } from "../database/address.ts";
import type { AppliedMigration } from "./journal.ts";
import { lookAtJournal } from "./look-at-journal.ts";
import { type SchemaProblem, findProblems } from "./problems.ts";
import type { MigrationFile } from "./source.ts";

/** The schema of one database, compared with the migration files at hand. */
export interface SchemaState {
  /** The name of the migration applied last; null for a database without any. */
  head: string | null;
  /** In the order of application. */
  applied: AppliedMigration[];
  /** In the order in which they will be applied: by name. */
  pending: MigrationFile[];
  /** Empty when `migrateUp` may go on. */
  problems: SchemaProblem[];
}

/**
 * Reads which migrations a database holds. Only reads: neither the SQLite file nor the journal
 * is created. Fails with `database.unavailable` (exit 8).
 * @param input.migrations as from `readMigrations`
 */
export async function readSchemaState(input: {
  database: DatabaseAddress;
  migrations: MigrationFile[];
}): Promise<SchemaState> {
  return reachingDatabase(input.database, async () =>
    compareSchema(await lookAtJournal(input.database), input.migrations),
  );
}

/** Compares a journal (in the order of application) with migration files (sorted by name). */
export function compareSchema(
  applied: AppliedMigration[],
  migrations: MigrationFile[],
): SchemaState {
  const known = new Set(applied.map((row) => row.name));
  const pending = migrations.filter((migration) => !known.has(migration.name));
  return {
    head: applied.at(-1)?.name ?? null,
    applied,
    pending,
    problems: findProblems(applied, migrations),
  };
}
