import { join } from "node:path";
import { restoreDatabase, undoRestoreDatabase } from "../backup/restore-database.ts";
import { undoRestore } from "../backup/restore-journal.ts";
import { type RestorePlan, restorePlan } from "../backup/restore-plan.ts";
import { type ConflictPolicy, restoreSnapshot } from "../backup/restore.ts";
import { verifySnapshot } from "../backup/verify.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { readSchemaState } from "../migrate/state.ts";
import { perform } from "../operation/perform.ts";
import { type Step, type StepRun, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { repositoryOf } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readUnlocked } from "./preview-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import { upSteps } from "./run-release.ts";
import { serveAgain } from "./serve-again.ts";
import type { Workplace } from "./workplace.ts";

export interface RestoreOptions {
  snapshot: string;
  paths: string[];
  target: string;
  conflict: ConflictPolicy;
  database: boolean;
  message: string | null;
}

export interface RestoreInput {
  snapshot: string;
  paths: string[];
  target: string;
  conflict: ConflictPolicy;
  database: boolean;
  keepReplacedIn: string;
  /** The release that has to be stopped while its database is replaced; null: none serves. */
  release: ReleaseRecord | null;
}

export interface RestoreResult {
  snapshot: string;
  target: string;
  database: string | null;
  replacedKeptIn: string;
  written: number;
  warnings: string[];
}

/** What of the files would change, and what else would be done. */
export interface RestorePlanView extends RestorePlan {
  /** The database that would be replaced, or null. */
  database: string | null;
  steps: string[];
}

/** What a restore would find and do now; nothing is changed, and no lock is taken. */
export async function previewRestore(
  place: Workplace,
  options: RestoreOptions,
): Promise<RestorePlanView> {
  const snapshot = await findSnapshot(place, options.snapshot);
  return readUnlocked(place, async (ledger) => {
    const files = await planFiles(place, { ...options, snapshot });
    const input = await planRestore(place, ledger, { ...options, snapshot }, "-");
    const database = options.database ? place.database.file : null;
    // Steps that are only shown need no ledger.
    const steps = restoreSteps(place, ledger as Ledger, input).map(({ title }) => title);
    return { ...files, database, steps };
  });
}

const restoresFiles = ({ database, paths }: Pick<RestoreOptions, "database" | "paths">): boolean =>
  !database || paths.length > 0;

/** @throws StudioError (exit 2) for a path that the snapshot does not have */
async function planFiles(place: Workplace, options: RestoreOptions): Promise<RestorePlan> {
  const { snapshot: id, paths, target } = options;
  if (!restoresFiles(options)) {
    const counts = { new: 0, same: 0, differs: 0, newerHere: 0, extra: 0 };
    return { id, target, entries: [], counts, bytes: 0 };
  }
  const repository = repositoryOf(place.project);
  return restorePlan({ repository, id, target, ...(paths.length === 0 ? {} : { paths }) });
}

async function planRestore(
  place: Workplace,
  ledger: Ledger | null,
  { snapshot, paths, target, conflict, database }: RestoreOptions,
  operation: string,
): Promise<RestoreInput> {
  const keepReplacedIn = join(place.desk.paths.root, "replaced", operation);
  const release = database && ledger !== null ? await servingRelease(place, ledger) : null;
  return { snapshot, paths, target, conflict, database, keepReplacedIn, release };
}

/** Brings files, or the database, back from a snapshot; what is replaced is kept. */
export async function restore(place: Workplace, options: RestoreOptions): Promise<RestoreResult> {
  const { database, target, message } = options;
  const snapshot = await findSnapshot(place, options.snapshot);
  // Before anything is changed: a path that is not in the snapshot.
  if (options.paths.length > 0) await planFiles(place, { ...options, snapshot });
  let input: RestoreInput | null = null;
  const { results, warnings } = await perform(place.desk, "restore", async (ledger, operation) => {
    input = await planRestore(place, ledger, { ...options, snapshot }, operation);
    return { kind: "restore", message, input, steps: restoreSteps(place, ledger, input) };
  });
  const files = results.get("files") as { written: number } | null | undefined;
  return {
    snapshot,
    target,
    database: database ? place.database.file : null,
    replacedKeptIn: (input as unknown as RestoreInput).keepReplacedIn,
    written: files?.written ?? 0,
    warnings,
  };
}

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

function verifyStep(place: Workplace, { snapshot }: RestoreInput): Step {
  return {
    id: "verify",
    title: `Read snapshot ${snapshot} whole`,
    kind: "refusal",
    probe: nothingToProbe,
    undo: nothingToUndo,
    async do(run) {
      const report = await verifySnapshot({
        repository: repositoryOf(place.project),
        id: snapshot,
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
      const report = await run.effect("replace", (reach) =>
        restoreDatabase({
          onChange: reach,
          repository: repositoryOf(place.project),
          id: input.snapshot,
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
  const { target, keepReplacedIn, paths } = input;
  return {
    id: "files",
    title: `Restore files to ${target}`,
    probe: nothingToProbe,
    async do(run) {
      const report = await run.effect("restore", (reach) =>
        restoreSnapshot({
          onProgress: () => reach("member"),
          repository: repositoryOf(place.project),
          id: input.snapshot,
          target,
          ...(paths.length === 0 ? {} : { paths }),
          conflict: input.conflict,
          keepReplacedIn,
          signal: run.signal,
        }),
      );
      return { written: report.written.length, left: report.left, bytes: report.bytes };
    },
    async undo(run) {
      await run.effect("put-back", () => undoRestore({ target, keepReplacedIn }));
    },
  };
}

async function servingRelease(place: Workplace, ledger: Ledger): Promise<ReleaseRecord | null> {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) return null;
  const record = row.record as ReleaseRecord;
  return (await place.target.state(record)).running ? record : null;
}
