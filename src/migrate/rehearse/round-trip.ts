import { reachingDatabase } from "../../database/session-failure.ts";
import { usageError } from "../../errors.ts";
import type { MigrationDirection } from "../failure.ts";
import { type SchemaDifference, compareSchemas } from "../schema/compare.ts";
import type { Schema } from "../schema/model.ts";
import { readSchema } from "../schema/read.ts";
import { type MigrationFile, loadMigrations } from "../source.ts";
import { type CloneScene, openScene, runOnClone } from "./clone-scene.ts";
import { openClone } from "./clone.ts";
import { withClone } from "./on-clone.ts";
import { type PlannedMigration, planRehearsal, whileNobodyMigrates } from "./plan-rehearsal.ts";
import type { RehearsalInput } from "./rehearsal-input.ts";
import type { RehearsalFailure, RehearsedMigration } from "./report.ts";
import { type LostRows, countRows, lostRows } from "./row-counts.ts";
import { tryMigration } from "./try-migration.ts";

export interface RoundTripInput extends Omit<RehearsalInput, "on" | "maxMilliseconds"> {
  /** Every migration, from an empty database on; default: the pending ones, on a copy. */
  all?: boolean;
}

export interface RoundTripReport {
  /** None failed, and none left another schema. */
  ok: boolean;
  /** Every one went up, down and up again. */
  complete: boolean;
  /** In the order in which they are applied. */
  migrations: RoundTrip[];
  /** What to know about the test, in sentences. */
  notes: string[];
}

/**
 * - `same`: after `down` the schema is as before it, after the second `up` as after the first;
 * - `different`: it is not;
 * - `failed`: one of the three threw;
 * - `noDown`: it was only applied;
 * - `notRun`: `reason` says why.
 */
export type RoundTripOutcome = "same" | "different" | "failed" | "noDown" | "notRun";

export interface RoundTrip {
  name: string;
  file: string;
  outcome: RoundTripOutcome;
  reason: string | null;
  failure: (RehearsalFailure & { step: RoundTripStep }) | null;
  /** From before the first `up` to after `down`. */
  afterDown: SchemaDifference[];
  /** From after the first `up` to after the second. */
  afterSecondUp: SchemaDifference[];
  /** Between before the first `up` and after `down`; whether they matter cannot be judged here. */
  lostRows: LostRows[];
}

export type RoundTripStep = "up" | "down" | "second up";

/**
 * Applies each pending migration, reverts it, and applies it again, on a copy of the database: the
 * live one is only read. Fails as `rehearse`; a migration that fails is told in the report.
 */
export function testRoundTrip(input: RoundTripInput): Promise<RoundTripReport> {
  return reachingDatabase(input.database, async () => {
    const { planned, clone } = await whileNobodyMigrates(input, async () => {
      const planned = await plan(input);
      const contents = input.all === true ? "nothing" : "everything";
      return { planned, clone: planned.length === 0 ? null : await openClone(input, contents) };
    });
    if (clone === null) return { ok: true, complete: true, migrations: [], notes: [] };
    return withClone(clone, async (notes) => {
      const scene = await openScene(input, clone);
      try {
        const migrations = await tryAll({ input, scene, notes }, planned);
        return { ...verdictOn(migrations), migrations, notes };
      } finally {
        await scene.close();
      }
    });
  });
}

async function plan(input: RoundTripInput): Promise<PlannedMigration[]> {
  if (input.all !== true) return planRehearsal(input);
  const last = input.migrations.findIndex(({ name }) => name === input.to);
  if (input.to !== undefined && last < 0) {
    throw usageError(
      `No migration is called ${input.to}.`,
      "`studio migrate status` shows them all.",
    );
  }
  const chosen = last < 0 ? input.migrations : input.migrations.slice(0, last + 1);
  const migrations = await loadMigrations(chosen, input.database.dialect);
  return migrations.map((migration) => ({ migration, unfinished: null }));
}

function verdictOn(migrations: readonly RoundTrip[]): Pick<RoundTripReport, "ok" | "complete"> {
  const outcomes = migrations.map(({ outcome }) => outcome);
  return {
    ok: !outcomes.includes("failed") && !outcomes.includes("different"),
    complete: outcomes.every((outcome) => outcome === "same" || outcome === "different"),
  };
}

interface Test {
  input: RoundTripInput;
  scene: CloneScene;
  notes: string[];
}

async function tryAll(test: Test, planned: readonly PlannedMigration[]): Promise<RoundTrip[]> {
  const migrations: RoundTrip[] = [];
  let ended: string | null = null;
  for (const { migration, unfinished } of planned) {
    const reason = unfinished === null ? ended : "it stopped half-way, and goes on from there";
    const tried: RoundTrip =
      reason === null
        ? await tryOne(test, migration)
        : { ...blank(migration), outcome: "notRun", reason };
    migrations.push(tried);
    if (tried.outcome === "failed" || tried.outcome === "notRun") {
      ended ??= `${migration.name} did not come to its end`;
    }
  }
  return migrations;
}

function blank({ name, file }: MigrationFile): RoundTrip {
  return {
    name,
    file,
    outcome: "same",
    reason: null,
    failure: null,
    afterDown: [],
    afterSecondUp: [],
    lostRows: [],
  };
}

async function tryOne(test: Test, migration: MigrationFile): Promise<RoundTrip> {
  const before = await look(test);
  const first = await run(test, migration, "up");
  if (first.outcome !== "done") return stopped(migration, "up", first);
  if (!migration.reversible) return { ...blank(migration), outcome: "noDown" };
  const applied = await look(test);
  const reverting = await run(test, migration, "down");
  if (reverting.outcome !== "done") return stopped(migration, "down", reverting);
  const reverted = await look(test);
  const afterDown = compareSchemas(before.schema, reverted.schema);
  const lost = lostRows(before.rows, reverted.rows);
  const second = await run(test, migration, "up");
  if (second.outcome !== "done") {
    return { ...stopped(migration, "second up", second), afterDown, lostRows: lost };
  }
  const afterSecondUp = compareSchemas(applied.schema, (await look(test)).schema);
  const isSame = afterDown.length === 0 && afterSecondUp.length === 0;
  const outcome = isSame ? "same" : "different";
  return { ...blank(migration), outcome, afterDown, afterSecondUp, lostRows: lost };
}

function stopped(
  migration: MigrationFile,
  step: RoundTripStep,
  { failure, reason }: RehearsedMigration,
): RoundTrip {
  return failure === null
    ? { ...blank(migration), outcome: "notRun", reason }
    : { ...blank(migration), outcome: "failed", failure: { ...failure, step } };
}

async function run(
  { input, scene, notes }: Test,
  migration: MigrationFile,
  direction: MigrationDirection,
): Promise<RehearsedMigration> {
  await scene.observer.begin(scene.session);
  const tried = await tryMigration({
    migration,
    input,
    direction,
    meter: scene.meter,
    stopped: () => null,
    work: (module, trace) => runOnClone(input, scene, module, trace, direction),
  });
  for (const { sql, skipped } of tried.statements) {
    const note = `${migration.name}: left out, because ${skipped}: ${sql}`;
    if (skipped !== null && !notes.includes(note)) notes.push(note);
  }
  return tried;
}

async function look({ input, scene }: Test): Promise<{
  schema: Schema;
  rows: Map<string, number>;
}> {
  const { dialect } = input.database;
  return {
    schema: await readSchema(scene.session, dialect),
    rows: await countRows(scene.session, dialect),
  };
}
