import { join } from "node:path";
import { restoreDatabase, undoRestoreDatabase } from "../backup/restore/database.ts";
import type { ConflictPolicy } from "../backup/restore/conflict-policies.ts";
import { undoRestore } from "../backup/restore/journal.ts";
import { type RestorePlan, restorePlan } from "../backup/restore/plan.ts";
import { restoreSnapshot } from "../backup/restore/restore.ts";
import { Snapshot } from "../backup/snapshot/open-snapshot.ts";
import { openerOf } from "../backup/snapshot/opener.ts";
import { verifySnapshot } from "../backup/verify/verify.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import { type Step, nothingToProbe, nothingToUndo } from "../operation/step.ts";
import { backupWorkDirectory, openRepository } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readIdentities } from "./identities.ts";
import type { ReleaseRecord } from "./release.ts";
import { upSteps } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

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
  const { paths, include, exclude, target, conflict } = options;
  const id = await findSnapshot(place, options.snapshot);
  const snapshot = await openSnapshot(place, id, options.identityFiles);
  const byTime = conflict === "if-changed";
  return restorePlan({ snapshot, target, paths, include, exclude, byTime });
}

/** Brings files, or the database, back from a snapshot; what is replaced is kept. */
export async function restore(place: Workplace, options: RestoreOptions): Promise<RestoreResult> {
  const { message, ...asked } = options;
  const { database, target } = asked;
  const snapshot = await findSnapshot(place, asked.snapshot);
  let input: RestoreInput | null = null;
  const { results } = await perform(place.desk, "restore", async (ledger, operation) => {
    const keepReplacedIn = join(place.desk.paths.root, "replaced", operation);
    const release = database ? await servingRelease(place, ledger) : null;
    input = { ...asked, snapshot, keepReplacedIn, release };
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
      const snapshot = await openSnapshot(place, input.snapshot, input.identityFiles);
      return run.effect("replace", () =>
        restoreDatabase({
          snapshot,
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
  const { target, keepReplacedIn, paths, include, exclude, conflict } = input;
  return {
    id: "files",
    title: `Restore files to ${target}`,
    probe: nothingToProbe,
    async do(run) {
      const snapshot = await openSnapshot(place, input.snapshot, input.identityFiles);
      const report = await run.effect("restore", async () =>
        restoreSnapshot({
          snapshot,
          store: openRepository(place.project),
          identities: await readIdentities(input.identityFiles),
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
      return { written: report.written, left: report.left, bytes: report.bytes };
    },
    async undo(run) {
      await run.effect("put-back", () => undoRestore({ target, keepReplacedIn }));
    },
  };
}

async function openSnapshot(
  { project }: Workplace,
  id: string,
  identityFiles: readonly string[],
): Promise<Snapshot> {
  const opener = await openerOf(await readIdentities(identityFiles));
  const snapshot = await Snapshot.open({ store: openRepository(project), id, opener });
  if (snapshot.isReadable) return snapshot;
  throw usageError(
    `Snapshot ${id} is encrypted.`,
    "Give the file with the secret key of one of its recipients: --identity FILE.",
  );
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

async function servingRelease(place: Workplace, ledger: Ledger): Promise<ReleaseRecord | null> {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) return null;
  const record = row.record as ReleaseRecord;
  return (await place.target.state(record)).running ? record : null;
}
