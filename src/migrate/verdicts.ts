import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import type { Linter } from "./lint/lint.ts";
import type { MigrationModule } from "./module.ts";
import { presentSchema } from "./present-schema.ts";
import type { ScriptStatement } from "./script/statement.ts";
import { type MigrationFile, type MigrationListing, loadMigrations } from "./source.ts";

/** Of a migration that was just run: may the release before it live with what it did? */
export type Verdicts = (
  migration: MigrationListing,
  module: MigrationModule,
  sent: ScriptStatement[],
) => boolean;

/**
 * Judges migrations while they are applied, in their order: as declared, or else as the lint finds
 * from the statements that they sent. All of them are loaded, and fail where they cannot be, before
 * one is applied.
 */
export async function openVerdicts(
  session: Knex,
  dialect: Dialect,
  migrations: MigrationListing[],
): Promise<Verdicts> {
  const linter = await openLinterFor(await loadMigrations(migrations, dialect), session, dialect);
  return ({ name, file }, { transactional, compatible, allow, statements }, sent) => {
    const verdict = linter?.judge({
      name,
      file,
      transactional,
      // A file's own text holds the author's remarks too.
      statements: statements?.up ?? sent,
      allowed: allow,
      compatible,
      readsData: false,
    }).verdict;
    return compatible ?? verdict?.compatible === true;
  };
}

/** Null where every author says what the lint would have to find out. */
async function openLinterFor(
  migrations: MigrationFile[],
  session: Knex,
  dialect: Dialect,
): Promise<Linter | null> {
  if (migrations.every(({ compatible }) => compatible !== null)) return null;
  const { openLinter } = await import("./lint/lint.ts");
  // Where the schema cannot be read, less is known to be safe.
  const present = await presentSchema(session, dialect).catch(() => []);
  return openLinter(dialect, present);
}
