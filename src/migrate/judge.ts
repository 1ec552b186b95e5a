import type { Dialect } from "../database/address.ts";
import type { LintReport } from "./lint/lint.ts";
import { loadMigration } from "./module.ts";
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
 * lint finds. All of them are loaded, and fail where they cannot be, before one is applied.
 */
export async function findCompatible(request: JudgeRequest): Promise<Map<string, boolean>> {
  const declared = new Map<string, boolean | null>();
  for (const migration of request.migrations) {
    if (!request.wanted.includes(migration.name)) continue;
    const { compatible } = await loadMigration(migration, request.dialect);
    declared.set(migration.name, compatible);
  }
  const says = [...declared].flatMap(([name, compatible]) =>
    compatible === null ? [] : [[name, compatible] as const],
  );
  if (says.length === declared.size) return new Map(says);
  const report = await judgeMigrations(request);
  return new Map(report.migrations.map(({ name, compatible }) => [name, compatible]));
}
