import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { restoreDatabase, undoRestoreDatabase } from "../../backup/restore/database.ts";
import { migrateUp } from "../../migrate/apply.ts";
import { listMigrations } from "../../migrate/source.ts";
import { type Step, type StepRun, nothingToProbe } from "../../operation/step.ts";
import { environmentServer } from "../databases/environment-server.ts";
import type { ExchangeOf } from "../databases/server-database.ts";
import { migrationInput } from "../migration-input.ts";
import type { ReleaseRecord } from "../release.ts";
import { withSnapshot } from "../snapshot-of.ts";
import type { Workplace } from "../workplace.ts";
import type { RestoreInput } from "./restore-input.ts";
import { databaseIn, unpackStep, unpackedIn } from "./unpack-database.ts";

/**
 * The steps that put a whole database back: those that leave the live one alone, and those during
 * which nothing may use it.
 */
export function restoreDatabaseSteps(
  place: Workplace,
  input: RestoreInput,
): { beside: Step[]; inPlace: Step[] } {
  const migrate = migrateStep(place, input);
  const after = migrate === null ? [] : [migrate];
  if (place.database.file !== null) {
    return { beside: [], inPlace: [fileStep(place, input, place.database.file), ...after] };
  }
  return {
    beside: [unpackStep(place, input), fillStep(place, input)],
    inPlace: [exchangeStep(place, input), ...after],
  };
}

function fileStep(place: Workplace, input: RestoreInput, file: string): Step {
  const { keepReplacedIn } = input;
  return {
    id: "database",
    title: "Put the database back",
    probe: nothingToProbe,
    async do(run) {
      const { signal } = run;
      return withSnapshot(place, input.snapshot, input.identityFiles, async ({ snapshot }) => {
        await databaseIn(place, snapshot);
        return run.effect("replace", (onChange) => {
          const label = "database";
          return restoreDatabase({ onChange, snapshot, file, keepReplacedIn, label, signal });
        });
      });
    },
    async undo(run) {
      await run.effect("put-back", (reach) =>
        undoRestoreDatabase({ file, keepReplacedIn, onChange: reach }),
      );
    },
  };
}

/** Loads the copy into a database beside the live one, which goes on serving meanwhile. */
function fillStep(place: Workplace, input: RestoreInput): Step {
  return {
    id: "fill",
    title: "Load the copy into a database of its own, and count its rows",
    probe: nothingToProbe,
    async do(run) {
      const of = await exchangeOf(place, input);
      const { signal, child: onStart, say } = run;
      const server = await environmentServer(place);
      const notes = await run.effect("fill", () => server.fill(of, { signal, onStart, say }));
      for (const note of notes) run.note(note);
    },
    async undo(run) {
      const of = await exchangeOf(place, input);
      const server = await environmentServer(place);
      await run.effect("drop", () => server.dropFilled(of));
    },
  };
}

function exchangeStep(place: Workplace, input: RestoreInput): Step {
  return {
    id: "database",
    title: "Put it in the place of the live database, which is kept",
    probe: nothingToProbe,
    async do(run) {
      const of = await exchangeOf(place, input);
      const server = await environmentServer(place);
      const keptAs = await run.effect("exchange", () => server.exchange(of));
      return { keptAs };
    },
    async undo(run) {
      const of = await exchangeOf(place, input);
      const server = await environmentServer(place);
      await run.effect("exchange-back", () => server.undoExchange(of));
    },
  };
}

async function exchangeOf(place: Workplace, input: RestoreInput): Promise<ExchangeOf> {
  const { id, keepReplacedIn } = input;
  mkdirSync(keepReplacedIn, { recursive: true, mode: 0o700 });
  // Of the dump as `unpackDatabase` leaves it.
  return { id, keepReplacedIn, from: join(unpackedIn(place, input), ".studio/snapshot/database") };
}

/** Of the restored database; an undo needs none, for the one of before is put back. */
function migrateStep(place: Workplace, input: RestoreInput): Step | null {
  const { schema } = input;
  if (schema === null) return null;
  return {
    id: "migrate",
    title: `Bring its schema to ${schema.head}`,
    probe: nothingToProbe,
    do: (run) => goUp(place, run, schema.release, schema.head),
    undo: async () => undefined,
  };
}

async function goUp(place: Workplace, run: StepRun, release: ReleaseRecord, to: string) {
  const migrations = listMigrations(place.target.migrationFolders(release));
  const report = await run.effect("up", (reach) =>
    migrateUp({
      ...migrationInput(place, run.signal, migrations),
      to,
      onStatement: (when) => reach(`statement-${when}`),
    }),
  );
  return { applied: report.applied };
}
