import type { Dialect } from "../database/address.ts";
import type { LintReport } from "./lint/lint.ts";
import { recordMigrations } from "./record.ts";
import type { MigrationListing } from "./source.ts";

export interface JudgeRequest {
  dialect: Dialect;
  /** All files, sorted by name. */
  migrations: MigrationListing[];
  /** Names of those to judge; the others were applied before them. */
  wanted: readonly string[];
}

/**
 * Judges what migrations would do to a release that runs while they are applied. No database is
 * needed. Fails with `migration.invalid` (exit 2) on a file that cannot be read or loaded.
 */
export async function judgeMigrations(request: JudgeRequest): Promise<LintReport> {
  const { dialect, migrations, wanted } = request;
  const { lintMigrations } = await import("./lint/lint.ts");
  const all = migrations.map(({ name }) => name);
  const recorded = await recordMigrations({ dialect, migrations, wanted: all });
  return lintMigrations({
    dialect,
    migrations: recorded.filter(({ name }) => wanted.includes(name)),
    applied: recorded.filter(({ name }) => !wanted.includes(name)),
  });
}

/**
 * Which of these migrations the release before may live with, by name: as declared, or else as the
 * lint finds.
 */
export async function findCompatible(
  request: Omit<JudgeRequest, "migrations"> & {
    migrations: (MigrationListing & { compatible: boolean | null })[];
  },
): Promise<Map<string, boolean>> {
  const own = request.migrations.filter(({ name }) => request.wanted.includes(name));
  const isDeclared = own.every(({ compatible }) => compatible !== null);
  if (isDeclared) return new Map(own.map(({ name, compatible }) => [name, compatible === true]));
  const report = await judgeMigrations(request);
  return new Map(report.migrations.map(({ name, compatible }) => [name, compatible]));
}
