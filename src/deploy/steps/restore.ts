import type { ConflictPolicy } from "../../backup/restore/conflict-policies.ts";
import { restoreDatabase, undoRestoreDatabase } from "../../backup/restore/database.ts";
import { undoRestore } from "../../backup/restore/journal.ts";
import { restoreSnapshot } from "../../backup/restore/restore.ts";
import { verifySnapshot } from "../../backup/verify/verify.ts";
import { StudioError, exitCodes, usageError } from "../../errors.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { readSchemaState } from "../../migrate/state.ts";
import { type Step, type StepRun, nothingToProbe, nothingToUndo } from "../../operation/step.ts";
import { backupWorkDirectory, openRepository } from "../backup-repository.ts";
import { readIdentities } from "../identities.ts";
import type { ReleaseRecord } from "../release.ts";
import { upSteps } from "../run-release.ts";
import { serveAgain } from "../serve-again.ts";
import { snapshotOf } from "../snapshot-of.ts";
import type { Workplace } from "../workplace.ts";

export interface RestoreOptions {
  snapshot: string;
  paths: string[];
  target: string;
  conflict: ConflictPolicy;
  database: boolean;
  include: string[];
  exclude: string[];
  /** Absolute paths of age identity files. */
  identityFiles: string[];
  message: string | null;
}

export interface RestoreInput extends Omit<RestoreOptions, "message"> {
  keepReplacedIn: string;
  /** The release that has to be stopped while its database is replaced; null: none serves. */
  release: ReleaseRecord | null;
}

/** A restore of the database alone touches no file, unless paths are named. */
export const restoresFiles = ({
  database,
  paths,
}: Pick<RestoreOptions, "database" | "paths">): boolean => !database || paths.length > 0;

export function restoreSteps(place: Workplace, ledger: Ledger, input: RestoreInput): Step[] {
  const { release } = input;
  const serve = release === null ? [] : upSteps(place, ledger, { release, status: "current" });
  const again = serve.filter((step) => step.id !== "preflight" && step.id !== "record");
  return [
    verifyStep(place, input),
    ...(input.database ? [stopStep(place, input), databaseStep(place, input), ...again] : []),
    ...(restoresFiles(input) ? [filesStep(place, input)] : []),
  ];
}

function verifyStep(place: Workplace, { snapshot, identityFiles }: RestoreInput): Step {
  return {
    id: "verify",
    title: `Read snapshot ${snapshot} whole`,
    kind: "refusal",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const report = await verifySnapshot({
        store: openRepository(place.project),
        id: snapshot,
        depth: { kind: "data", percent: 100 },
        identities: await readIdentities(identityFiles),
        workDirectory: backupWorkDirectory(place.project),
        now: () => place.desk.now(),
        signal: run.signal,
      });
      if (report.ok) return;
      throw new StudioError({
        code: "backup.damaged",
        message: `Snapshot ${snapshot} is damaged: ${report.problems.join(" ")}`,
        hint: "`studio backup list` shows the others.",
        exitCode: exitCodes.checkFailed,
        details: report,
      });
    },
  };
}

function stopStep({ target }: Workplace, { release }: RestoreInput): Step {
  return {
    id: "stop",
    title: "Stop the release that uses the database",
    skip: () => (release === null ? "none serves" : null),
    probe: nothingToProbe,
    async do(run) {
      if (release !== null) await target.stop(run, release);
    },
    async undo(run) {
      if (release === null || (await target.state(release)).accepting) return;
      await serveAgain(target, run, release, null);
    },
  };
}

function databaseStep(place: Workplace, input: RestoreInput): Step {
  const { file } = place.database;
  const { keepReplacedIn } = input;
  return {
    id: "database",
    title: "Put the database back",
    probe: nothingToProbe,
    async do(run) {
      if (file === null) throw usageError("Only SQLite databases can be put back by this version.");
      const snapshot = await snapshotOf(place, input.snapshot, input.identityFiles);
      const report = await run.effect("replace", (reach) =>
        restoreDatabase({
          onChange: reach,
          snapshot,
          file,
          keepReplacedIn,
          label: "database",
          signal: run.signal,
        }),
      );
      await noteOtherSchema(place, input, run);
      return report;
    },
    async undo(run) {
      if (file !== null) {
        await run.effect("put-back", (reach) =>
          undoRestoreDatabase({ file, keepReplacedIn, onChange: reach }),
        );
      }
    },
  };
}

/** A database of another time has the schema of another time. */
async function noteOtherSchema(
  { database }: Workplace,
  { release }: RestoreInput,
  run: StepRun,
): Promise<void> {
  if (release === null) return;
  const { head } = await readSchemaState({ database, migrations: [] });
  if (head === release.schemaHead) return;
  run.note(
    `The schema is now at ${head ?? "its very beginning"}, and release ${release.id} was made for ` +
      `${release.schemaHead ?? "an empty one"}: \`studio rollback\` returns to a release that fits, ` +
      "`studio migrate up` brings the schema forward.",
  );
}

function filesStep(place: Workplace, input: RestoreInput): Step {
  const { target, keepReplacedIn, paths, include, exclude, conflict } = input;
  return {
    id: "files",
    title: `Restore files to ${target}`,
    probe: nothingToProbe,
    async do(run) {
      const snapshot = await snapshotOf(place, input.snapshot, input.identityFiles);
      const identities = await readIdentities(input.identityFiles);
      const report = await run.effect("restore", (reach) =>
        restoreSnapshot({
          onProgress: () => reach("member"),
          snapshot,
          store: openRepository(place.project),
          identities,
          target,
          paths,
          include,
          exclude,
          conflict,
          keepReplacedIn,
          signal: run.signal,
        }),
      );
      const [damaged] = report.damaged;
      if (damaged !== undefined) throw damagedFiles(input.snapshot, report.damaged);
      if (report.attributes !== null) run.note(report.attributes);
      return { written: report.written, left: report.left, bytes: report.bytes };
    },
    async undo(run) {
      await run.effect("put-back", () => undoRestore({ target, keepReplacedIn }));
    },
  };
}

function damagedFiles(id: string, files: readonly { path: string; reason: string }[]): StudioError {
  const [first] = files;
  return new StudioError({
    code: "backup.damaged",
    message: `${files.length} files of snapshot ${id} are not what was backed up; the first is ${first?.path}: ${first?.reason}.`,
    hint: "Restore the rest with --exclude, or use another snapshot: `studio backup list`.",
    exitCode: exitCodes.checkFailed,
    details: { files: files.slice(0, 100) },
  });
}
