import { StudioError, exitCodes } from "../errors.ts";
import { judgeMigrations } from "../migrate/judge.ts";
import type { LintReport } from "../migrate/lint/lint.ts";
import { lookAtPresentSchema } from "../migrate/present-schema.ts";
import { type MigrationListing, listMigrations } from "../migrate/source.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import { schemaStatus } from "./schema-status.ts";
import type { View } from "./view.ts";

export interface LintRequest {
  /** All files, not just those that are pending: no database is asked. */
  all: boolean;
  databaseUrlFile: string | null;
}

/** Judges the migrations that are pending, or all there are. */
export async function lintProject(view: View, request: LintRequest): Promise<LintReport> {
  const place = withDatabaseFrom(view, request.databaseUrlFile);
  const { dialect } = place.database;
  if (request.all) {
    const migrations = listMigrations(liveMigrationFolders(place));
    return judgeMigrations({ dialect, present: [], migrations });
  }
  return judgePending(place, (await schemaStatus(place)).pending);
}

/** Judges migrations that are to be applied next to the environment's database. */
export async function judgePending(
  { database }: Pick<View, "database">,
  pending: MigrationListing[],
): Promise<LintReport> {
  const present = await lookAtPresentSchema(database);
  return judgeMigrations({ dialect: database.dialect, present, migrations: pending });
}

/**
 * The refusal to apply migrations while a release serves that they would break or hold up; null
 * where they do not.
 */
export function unsafeMigrations({ findings, migrations, safe }: LintReport): StudioError | null {
  if (safe) return null;
  const errors = findings.filter(({ level }) => level === "error");
  const [first] = errors;
  const incompatible = migrations.filter(({ compatible }) => !compatible).map(({ name }) => name);
  const why =
    first === undefined
      ? `${incompatible.join(", ")} says that the release before cannot run on the schema after it.`
      : `${first.file}${first.line === null ? "" : `:${first.line}`}: ${first.message}`;
  const more = errors.length > 1 ? ` There are ${errors.length - 1} more findings.` : "";
  return new StudioError({
    code: "migration.unsafe",
    message: `The pending migrations are not safe while a release serves. ${why}${more} Nothing was changed.`,
    hint:
      (first === undefined ? "" : `${first.rewrite}\n`) +
      "`studio migrate lint` shows everything. Or deploy with --allow-breaking: callers are told to " +
      "come back later while the schema changes.",
    exitCode: exitCodes.checkFailed,
    details: { findings, incompatible },
  });
}
