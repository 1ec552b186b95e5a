import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { migrateDown, migrateUp } from "../migrate/apply.ts";
import { planDown, planUp } from "../migrate/plan.ts";
import { listMigrations, loadMigrations } from "../migrate/source.ts";
import { readSchemaState } from "../migrate/state.ts";
import { perform } from "../operation/perform.ts";
import type { Step, StepRun } from "../operation/step.ts";
import { withDatabaseFrom } from "./database-from-file.ts";
import { migrationInput } from "./migration-input.ts";
import { liveMigrationFolders } from "./project-folders.ts";
import { schemaStatus } from "./schema-status.ts";
import type { Workplace } from "./workplace.ts";

/** As it was typed. */
export interface MigrateOrder {
  direction: "up" | "down";
  /** up: the last migration to apply; down: the head to return to. */
  to?: string | null;
  /** How many to apply or take back. */
  steps?: number;
  /** A file that holds the URL of another database; null: the environment's own. */
  databaseUrlFile: string | null;
}

/** Names where to go, never how far: a resume must not go the same way twice. */
export interface MigrateInput {
  direction: "up" | "down";
  /** The head before. */
  head: string | null;
  /** up: the last migration to apply, or all; down: the head to return to, null for none. */
  to?: string | null;
  databaseUrlFile?: string | null;
}

export interface MigrateResult {
  applied: string[];
  reverted: string[];
  head: string | null;
}

/**
 * Moves the schema as one journaled operation.
 * @throws StudioError with exit code 2 or 4 when the order cannot be carried out: nothing was
 *   begun; else as `perform`
 */
export async function migrate(
  workplace: Workplace,
  order: MigrateOrder,
  message: string | null,
): Promise<MigrateResult> {
  const place = withDatabaseFrom(workplace, order.databaseUrlFile);
  // Once more under the lock; an order that makes no sense leaves no lock or ledger behind.
  await planMigrate(place, order);
  const { results } = await perform(place.desk, `migrate ${order.direction}`, async () => {
    const input = await planMigrate(place, order);
    return { kind: "migrate", message, input, steps: migrateSteps(workplace, input) };
  });
  const report = results.get("migrate") as MigrateResult;
  return { applied: report.applied, reverted: report.reverted, head: report.head };
}

/** What an order means for the database as it is. Changes nothing. */
export async function planMigrate(
  place: Pick<Workplace, "project" | "database">,
  order: MigrateOrder,
): Promise<MigrateInput & { names: string[] }> {
  const migrations = listMigrations(liveMigrationFolders(place));
  const { head, applied } = await readSchemaState({ database: place.database, migrations });
  const { direction, to, steps, databaseUrlFile } = order;
  if (direction === "up") {
    const all = planUp(applied, migrations, to ?? undefined);
    const names = steps === undefined ? all : all.slice(0, steps);
    await loadMigrations(
      migrations.filter(({ name }) => names.includes(name)),
      place.database.dialect,
    );
    const last = steps === undefined ? (to ?? null) : (names.at(-1) ?? head);
    return { direction, head, to: last, databaseUrlFile, names };
  }
  const names = planDown(applied, migrations, { to, steps });
  const target = applied.find(({ name }) => name === names.at(-1))?.parent;
  return { direction, head, to: target === undefined ? head : target, databaseUrlFile, names };
}

export function migrateSteps(place: Workplace, input: MigrateInput): Step[] {
  return [migrateStep(withDatabaseFrom(place, input.databaseUrlFile ?? null), input)];
}

function migrateStep(place: Workplace, input: MigrateInput): Step {
  const { direction, head, to } = input;
  return {
    id: "migrate",
    title: direction === "up" ? "Apply pending migrations" : "Take migrations back",
    probe: async () => ((await schemaStatus(place)).head === head ? "absent" : "partial"),
    async do(run) {
      const { file } = place.database;
      if (file !== null) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      return direction === "up" ? goUp(place, run, to ?? null) : goDown(place, run, to ?? null);
    },
    async undo(run) {
      if ((await schemaStatus(place)).head === head) return;
      await (direction === "up" ? goDown(place, run, head) : goUp(place, run, head));
    },
  };
}

/** @param to the last migration to apply; null: all */
async function goUp(place: Workplace, run: StepRun, to: string | null) {
  const common = migrationInput(place, run.signal);
  return run.effect("up", (reach) =>
    migrateUp({
      ...common,
      onStatement: (when) => reach(`statement-${when}`),
      ...(to === null ? {} : { to }),
    }),
  );
}

async function goDown(place: Workplace, run: StepRun, to: string | null) {
  const common = migrationInput(place, run.signal);
  return run.effect("down", (reach) =>
    migrateDown({ ...common, onStatement: (when) => reach(`statement-${when}`), to }),
  );
}
