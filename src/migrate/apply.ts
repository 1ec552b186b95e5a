import { usageError } from "../errors.ts";
import { executeDown, executeUp } from "./execute.ts";
import { planDown, planUp } from "./plan.ts";
import { type MigrateInput, withMigrationRun } from "./run.ts";

export type { MigrateInput, MigrationEvent } from "./run.ts";

export interface MigrationReport {
  /** The names applied by this run, in their order. */
  applied: string[];
  /** The names reverted by this run, in their order. */
  reverted: string[];
  /** The migration applied last, after this run; null for none. */
  head: string | null;
}

/**
 * Applies the pending migrations in the order of their names, each in a transaction of its own
 * that also writes its journal row. One process applies, the others wait for it and then find
 * nothing to do, which is success. The SQLite file and the journal are created.
 * Fails with `migration.problems` (exit 4) before anything is changed, `migration.locked` (7),
 * `migration.failed` (5; 6 when not undone), `database.unavailable` (8), `usage` (2).
 * @param input.to the last migration to apply; default: all
 */
export async function migrateUp(input: MigrateInput & { to?: string }): Promise<MigrationReport> {
  return withMigrationRun(input, async (run) => {
    const names = planUp(run.applied, input.migrations, input.to);
    await executeUp(run, names);
    return { applied: run.done, reverted: [], head: run.applied.at(-1)?.name ?? null };
  });
}

/**
 * Reverts migrations, the one applied last first, each in a transaction of its own that also
 * removes its journal row. Nothing is reverted unless every one of them can be.
 * Fails like `migrateUp`, and with `migration.irreversible` (exit 4) where a `down` is missing.
 * @param input.to the migration to return to, which stays applied; null reverts all
 * @param input.steps how many to revert; when given, `to` does not count
 */
export async function migrateDown(
  input: MigrateInput & { to?: string | null; steps?: number },
): Promise<MigrationReport> {
  if (input.steps === undefined && input.to === undefined) {
    throw usageError("What to revert is not given.", "Give --to NAME or a number of steps.");
  }
  return withMigrationRun(input, async (run) => {
    const names = planDown(run.applied, input.migrations, input);
    await executeDown(run, names);
    return { applied: [], reverted: run.done, head: run.applied.at(-1)?.name ?? null };
  });
}
