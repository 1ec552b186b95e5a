import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { migrateDown, migrateUp } from "../migrate/apply.ts";
import { planDown, planUp } from "../migrate/plan.ts";
import { readMigrations } from "../migrate/source.ts";
import { type SchemaState, readSchemaState } from "../migrate/state.ts";
import { perform } from "../operation/perform.ts";
import type { Step, StepRun } from "../operation/step.ts";
import { liveMigrationFolders } from "./plan-deploy.ts";
import type { Workplace } from "./workplace.ts";

export interface MigrateInput {
  direction: "up" | "down";
  /** The head before. */
  head: string | null;
  /** up: the last migration to apply; down: the head to return to. */
  to?: string | null;
  /** down: how many to take back. */
  steps?: number;
}

export interface MigrateResult {
  applied: string[];
  reverted: string[];
  head: string | null;
}

/** The schema as it is, and what the files here would change. */
export async function schemaStatus(place: Workplace): Promise<SchemaState> {
  const migrations = await readMigrations(liveMigrationFolders(place));
  return readSchemaState({ database: place.database, migrations });
}

/**
 * Moves the schema as one journaled operation.
 * @throws StudioError with exit code 2 or 4 when the order cannot be carried out: nothing was
 *   begun; else as `perform`
 */
export async function migrate(
  place: Workplace,
  order: Omit<MigrateInput, "head">,
  message: string | null,
): Promise<MigrateResult> {
  // Once more under the lock; an order that makes no sense leaves no lock or ledger behind.
  await planMigrate(place, order);
  const { results } = await perform(place.desk, `migrate ${order.direction}`, async () => {
    const input = await planMigrate(place, order);
    return { kind: "migrate", message, input, steps: [migrateStep(place, input)] };
  });
  const report = results.get("migrate") as MigrateResult;
  return { applied: report.applied, reverted: report.reverted, head: report.head };
}

async function planMigrate(
  place: Workplace,
  order: Omit<MigrateInput, "head">,
): Promise<MigrateInput> {
  const migrations = await readMigrations(liveMigrationFolders(place));
  const { head, applied } = await readSchemaState({ database: place.database, migrations });
  const { direction, to, steps } = order;
  if (direction === "up") planUp(applied, migrations, to ?? undefined);
  else planDown(applied, migrations, { to, steps });
  return { ...order, head };
}

export function migrateSteps(place: Workplace, input: MigrateInput): Step[] {
  return [migrateStep(place, input)];
}

function migrateStep(place: Workplace, input: MigrateInput): Step {
  const { direction, head, to, steps } = input;
  return {
    id: "migrate",
    title: direction === "up" ? "Apply pending migrations" : "Take migrations back",
    probe: async () => ((await schemaStatus(place)).head === head ? "absent" : "partial"),
    async do(run) {
      const { file } = place.database;
      if (file !== null) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const common = await commonInput(place, run);
      return run.effect(direction, () => {
        if (direction === "up") {
          return migrateUp({ ...common, ...(typeof to === "string" ? { to } : {}) });
        }
        return migrateDown({
          ...common,
          ...(steps === undefined ? { to: to ?? null } : { steps }),
        });
      });
    },
    async undo(run) {
      const state = await schemaStatus(place);
      if (state.head === head) return;
      const common = await commonInput(place, run);
      if (direction === "up") await run.effect("down", () => migrateDown({ ...common, to: head }));
      else
        await run.effect("up", () =>
          migrateUp({ ...common, ...(head === null ? {} : { to: head }) }),
        );
    },
  };
}

async function commonInput(place: Workplace, run: StepRun) {
  const { desk, database, project } = place;
  return {
    database,
    migrations: await readMigrations(liveMigrationFolders(place)),
    who: { user: desk.user, host: desk.host, version: desk.version },
    lockTimeout: project.settings.migrate.lockTimeout,
    signal: run.signal,
  };
}
