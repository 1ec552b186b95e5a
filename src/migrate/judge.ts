import type { LintReport } from "./lint/lint.ts";
import { type RecordRequest, recordMigrations } from "./record.ts";

/**
 * Judges what migrations would do to a release that runs while they are applied. Nothing is changed
 * and no database is asked. Fails with `migration.invalid` (exit 2) on a file that cannot be read
 * or loaded.
 */
export async function judgeMigrations(
  request: Omit<RecordRequest, "direction">,
): Promise<LintReport> {
  const { dialect, present } = request;
  const { lintMigrations } = await import("./lint/lint.ts");
  return lintMigrations({ dialect, present, migrations: await recordMigrations(request) });
}
