import { join } from "node:path";
import { type RestorePlan, restorePlan } from "../backup/restore/plan.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { perform } from "../operation/perform.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readUnlocked } from "./preview-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import {
  type RestoreInput,
  type RestoreOptions,
  restoreSteps,
  restoresFiles,
} from "./steps/restore.ts";
import { withSnapshot } from "./snapshot-of.ts";
import type { Workplace } from "./workplace.ts";

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

/** @throws StudioError (exit 2) for a path that the snapshot does not have */
async function planFiles(place: Workplace, options: RestoreOptions): Promise<RestorePlan> {
  const { snapshot: id, paths, include, exclude, target, conflict } = options;
  if (!restoresFiles(options)) {
    const counts = { new: 0, same: 0, differs: 0, newerHere: 0, extra: 0 };
    return { id, target, entries: [], counts, bytes: 0 };
  }
  const byTime = conflict === "if-changed";
  return withSnapshot(place, id, options.identityFiles, ({ snapshot }) =>
    restorePlan({ snapshot, target, paths, include, exclude, byTime }),
  );
}

async function planRestore(
  place: Workplace,
  ledger: Ledger | null,
  { message: _message, ...asked }: RestoreOptions,
  operation: string,
): Promise<RestoreInput> {
  const keepReplacedIn = join(place.desk.paths.root, "replaced", operation);
  const release = asked.database && ledger !== null ? await servingRelease(place, ledger) : null;
  return { ...asked, keepReplacedIn, release };
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

async function servingRelease(place: Workplace, ledger: Ledger): Promise<ReleaseRecord | null> {
  const row = currentRelease(ledger, place.desk.environment);
  if (row === null) return null;
  const record = row.record as ReleaseRecord;
  return (await place.target.state(record)).running ? record : null;
}
