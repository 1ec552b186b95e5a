import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { releaseCompatibility } from "../../migrate/compatibility.ts";
import type { MigrationEvent } from "../../migrate/apply.ts";
import { type MigrationListing, listMigrations } from "../../migrate/source.ts";
import { readSchemaState } from "../../migrate/state.ts";
import { StudioError, exitCodes } from "../../errors.ts";
import type { Reach } from "../../operation/faults.ts";
import type { Step, StepRun } from "../../operation/step.ts";
import type { DeployWork } from "../deploy-input.ts";

/** Brings the schema to the head the release was built for. */
export function migrateStep(work: DeployWork): Step {
  const { input, release } = work;
  const wanted = input.schema.downTo === undefined ? release.schemaHead : input.schema.downTo;
  return {
    id: "migrate",
    title: titleOf(work),
    skip: () => (isPlanned(work) ? null : "the schema is where the release needs it"),
    async probe() {
      const { head } = await schemaOf(work);
      if (head === wanted) return "done";
      return head === input.schema.head ? "absent" : "partial";
    },
    async do(run) {
      const { file } = work.place.database;
      if (file !== null) mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      if (input.schema.downTo !== undefined) return goDown(work, run, input.schema.downTo);
      const migrations = listMigrations(work.place.target.migrationFolders(release));
      const { migrateUp } = await import("../../migrate/apply.ts");
      const report = await run.effect("up", (reach) =>
        migrateUp({ ...commonInput(work, run, migrations, reach), signal: run.signal }),
      );
      return { applied: report.applied, head: report.head };
    },
    undo: (run) => goBack(work, run),
  };
}

function titleOf({ input }: DeployWork): string {
  if (input.schema.downTo !== undefined) {
    return `Take the schema back to ${input.schema.downTo ?? "empty"}`;
  }
  const count = input.schema.pending.length;
  return count === 0 ? "Migrate the database" : `Apply ${count} migration${count === 1 ? "" : "s"}`;
}

function isPlanned({ input }: DeployWork): boolean {
  return input.schema.pending.length > 0 || input.schema.downTo !== undefined;
}

async function schemaOf(work: DeployWork, migrations: MigrationListing[] = []) {
  return readSchemaState({ database: work.place.database, migrations });
}

function commonInput(work: DeployWork, run: StepRun, migrations: MigrationListing[], reach: Reach) {
  const { desk, database, project } = work.place;
  return {
    database,
    migrations,
    who: { user: desk.user, host: desk.host, version: desk.version },
    lockTimeout: project.settings.migrate.lockTimeout,
    onStatement: (when: "begun" | "ended") => reach(`statement-${when}`),
    onEvent: (event: MigrationEvent) =>
      run.say(
        event.type === "waiting" ? "waiting for another process" : `${event.type} ${event.name}`,
      ),
  };
}

async function goDown(work: DeployWork, run: StepRun, to: string | null) {
  // The files of the release that is left are needed: the one gone back to lacks them.
  const from = work.previous ?? work.release;
  const migrations = listMigrations(work.place.target.migrationFolders(from));
  const { migrateDown } = await import("../../migrate/apply.ts");
  const report = await run.effect("down", (reach) =>
    migrateDown({ ...commonInput(work, run, migrations, reach), to }),
  );
  return { reverted: report.reverted, head: report.head };
}

/**
 * The way back. Before the switch nothing was written by the new release, so what can go down
 * goes down. After it, going down could lose writes: a schema the old release can live with stays.
 */
async function goBack(work: DeployWork, run: StepRun): Promise<void> {
  const { input, release, previous, place } = work;
  if (input.schema.downTo !== undefined) return goUpAgain(work, run);
  if (input.schema.unread === true) {
    run.note("The schema keeps what was applied: it was not known what the database held before.");
    return;
  }
  const migrations = listMigrations(place.target.migrationFolders(release));
  const state = await schemaOf(work, migrations);
  if (state.head === input.schema.head) return;
  const knownToRelease = previous?.migrations ?? [];
  const { verdict, extra } = releaseCompatibility({
    applied: state.applied,
    knownToRelease,
    available: migrations,
  });
  const names = extra.map((migration) => migration.name).join(", ");
  const reversible = extra.every((migration) => migration.reversible);
  const served = run.results.has("switch") && previous !== null;
  if (reversible && !(served && verdict === "compatible")) {
    if (served) run.note("What the new release wrote into the schema it brought is lost with it.");
    const { migrateDown } = await import("../../migrate/apply.ts");
    await run.effect("down", (reach) =>
      migrateDown({ ...commonInput(work, run, migrations, reach), to: input.schema.head }),
    );
    return;
  }
  if (verdict === "compatible" || verdict === "same") {
    run.note(`The schema keeps ${names}: the release before can live with it.`);
    return;
  }
  throw new StudioError({
    code: "schema.stuck",
    message: `the schema has ${names}, which cannot go down, and the release before cannot run on it${wayBack(work)}`,
    exitCode: exitCodes.notUndone,
  });
}

/** The snapshot that this deploy took before it migrated, where it did. */
function wayBack({ input }: DeployWork): string {
  if (input.skip.backup || input.first) return "";
  return `; \`studio abort --leave\`, then \`studio backup restore ${input.snapshot} --database\`, brings back what was before it`;
}

async function goUpAgain(work: DeployWork, run: StepRun): Promise<void> {
  const from = work.previous ?? work.release;
  const migrations = listMigrations(work.place.target.migrationFolders(from));
  const to = work.input.schema.head;
  const { migrateUp } = await import("../../migrate/apply.ts");
  await run.effect("up", (reach) =>
    migrateUp({ ...commonInput(work, run, migrations, reach), ...(to === null ? {} : { to }) }),
  );
}
