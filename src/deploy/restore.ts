import { join } from "node:path";
import { restoreDatabase, undoRestoreDatabase } from "../backup/restore-database.ts";
import { undoRestore } from "../backup/restore-journal.ts";
import { type RestorePlan, restorePlan } from "../backup/restore-plan.ts";
import { type ConflictPolicy, restoreSnapshot } from "../backup/restore.ts";
import { verifySnapshot } from "../backup/verify.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { repositoryOf } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import type { ReleaseRecord } from "./release.ts";
import { upSteps } from "./run-release.ts";
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
}

/** What a restore of files would find. Changes nothing. */
export async function previewRestore(
  place: Workplace,
  options: RestoreOptions,
): Promise<RestorePlan> {
  const { snapshot, paths, target } = options;
  const repository = repositoryOf(place.project);
  const id = await findSnapshot(place, snapshot);
  return restorePlan({ repository, id, target, ...(paths.length === 0 ? {} : { paths }) });
}

/** Brings files, or the database, back from a snapshot; what is replaced is kept. */
export async function restore(place: Workplace, options: RestoreOptions): Promise<RestoreResult> {
  const { database, conflict, target, paths, message } = options;
  const snapshot = await findSnapshot(place, options.snapshot);
  let input: RestoreInput | null = null;
  const { results } = await perform(place.desk, "restore", async (ledger, operation) => {
    const keepReplacedIn = join(place.desk.paths.root, "replaced", operation);
    const release = database ? await servingRelease(place, ledger) : null;
    input = { snapshot, paths, target, conflict, database, keepReplacedIn, release };
    return { kind: "restore", message, input, steps: restoreSteps(place, ledger, input) };
  });
  const files = results.get("files") as { written: number } | null | undefined;
  return {
    snapshot,
    target,
    database: database ? place.database.file : null,
    replacedKeptIn: (input as unknown as RestoreInput).keepReplacedIn,
    written: files?.written ?? 0,
  };
}

export function restoreSteps(place: Workplace, ledger: Ledger, input: RestoreInput): Step[] {
  const { release } = input;
  const serve = release === null ? [] : upSteps(place, ledger, { release, status: "current" });
  const again = serve.filter((step) => step.id !== "preflight" && step.id !== "record");
  return [
    verifyStep(place, input),
    ...(input.database ? [stopStep(place, input), databaseStep(place, input), ...again] : []),
    ...(input.database && input.paths.length === 0 ? [] : [filesStep(place, input)]),
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
      await target.start(run, release);
      await target.switchTo(run, release, null);
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
      return run.effect("replace", () =>
        restoreDatabase({
          repository: repositoryOf(place.project),
          id: input.snapshot,
          file,
          keepReplacedIn,
          label: "database",
          signal: run.signal,
        }),
      );
    },
    async undo(run) {
      if (file !== null) {
        await run.effect("put-back", () => undoRestoreDatabase({ file, keepReplacedIn }));
      }
    },
  };
}

function filesStep(place: Workplace, input: RestoreInput): Step {
  const { target, keepReplacedIn, paths } = input;
  return {
    id: "files",
    title: `Restore files to ${target}`,
    probe: nothingToProbe,
    async do(run) {
      const report = await run.effect("restore", () =>
        restoreSnapshot({
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
