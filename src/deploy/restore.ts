import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type RestorePlan, restorePlan } from "../backup/restore/plan.ts";
import { loadCommit } from "../backup/summary.ts";
import { describeDatabase } from "../database/address.ts";
import { hasTable } from "../database/has-table.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { systemCode } from "../errors.ts";
import { perform } from "../operation/perform.ts";
import { withRepository } from "./backup-repository.ts";
import { findSnapshot } from "./find-snapshot.ts";
import { readUnlocked } from "./preview-deploy.ts";
import type { ReleaseRecord } from "./release.ts";
import { fitSchema } from "./schema-fit.ts";
import { restoreSteps } from "./steps/restore.ts";
import { type RestoreInput, type RestoreOptions, restoresFiles } from "./steps/restore-input.ts";
import { withSnapshot } from "./snapshot-of.ts";
import type { Workplace } from "./workplace.ts";

export interface RestoreResult {
  snapshot: string;
  target: string;
  database: string | null;
  /** The file, or the database of the server, that holds what was replaced. */
  databaseKeptAs: string | null;
  tables: { name: string; rows: number; keptAs: string | null }[];
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
    const database = options.database ? describeDatabase(place.database) : null;
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
  { message: _message, tables, ...asked }: RestoreOptions,
  id: string,
): Promise<RestoreInput> {
  const keepReplacedIn = join(place.desk.paths.root, "replaced", id);
  const current =
    asked.database && ledger !== null ? currentRelease(ledger, place.desk.environment) : null;
  const record = (current?.record ?? null) as ReleaseRecord | null;
  const state = record === null ? null : await place.target.state(record);
  const serves = state?.running === true;
  return {
    ...asked,
    id,
    keepReplacedIn,
    fresh: !asked.database && tables.length === 0 && isEmpty(asked.target),
    release: serves ? record : null,
    ...(serves && state.maintenance !== null ? { notice: state.maintenance } : {}),
    ...(record === null ? { schema: null, remark: null } : await schemaFor(place, asked, record)),
    tables: await lookAtTables(place, tables),
  };
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return true;
    // Whatever it is, it is for the restore itself to say.
    return false;
  }
}

/** @throws StudioError (exit 4) where the release cannot use the restored database */
async function schemaFor(
  place: Workplace,
  { snapshot: id, migrate, anySchema: any }: Omit<RestoreOptions, "message" | "tables">,
  release: ReleaseRecord,
): Promise<Pick<RestoreInput, "schema" | "remark">> {
  const snapshot = await withRepository(place, (store) => loadCommit(store, id));
  const { head, remark } = fitSchema({ snapshot, release, migrate, any });
  return { schema: head === null ? null : { head, release }, remark };
}

/** What an undo has to know: whether a table was there. */
async function lookAtTables(
  { database }: Workplace,
  names: readonly string[],
): Promise<RestoreInput["tables"]> {
  const tables: RestoreInput["tables"] = [];
  for (const name of names) tables.push({ name, existed: await hasTable(database, name) });
  return tables;
}

/** Brings files, or the database, back from a snapshot; what is replaced is kept. */
export async function restore(place: Workplace, options: RestoreOptions): Promise<RestoreResult> {
  const { database, target, message } = options;
  const snapshot = await findSnapshot(place, options.snapshot);
  const asked = { ...options, snapshot };
  // Before anything is changed: a path that is not in the snapshot, a schema that does not fit.
  if (options.paths.length > 0) await planFiles(place, asked);
  await readUnlocked(place, (ledger) => planRestore(place, ledger, asked, "-"));
  let input: RestoreInput | null = null;
  const { results, warnings } = await perform(place.desk, "restore", async (ledger, operation) => {
    input = await planRestore(place, ledger, asked, operation);
    return { kind: "restore", message, input, steps: restoreSteps(place, ledger, input) };
  });
  const files = results.get("files") as { written: number } | null | undefined;
  const replaced = results.get("database") as { keptAs: string | null } | null | undefined;
  return {
    snapshot,
    target,
    database: database ? describeDatabase(place.database) : null,
    databaseKeptAs: replaced?.keptAs ?? null,
    tables: (results.get("tables") ?? []) as RestoreResult["tables"],
    replacedKeptIn: (input as unknown as RestoreInput).keepReplacedIn,
    written: files?.written ?? 0,
    warnings,
  };
}
