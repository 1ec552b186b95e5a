import { realpath } from "node:fs/promises";
import { resolve } from "node:path";
import type { DatabaseFacts, Entry, FileEntry } from "../format/entry.ts";
import { createPace } from "../pace.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { findExtra, stateOf } from "./compare.ts";
import { SafeFolders, checkPaths } from "./safe-path.ts";
import { type SelectionOptions, selectEntries } from "./selection.ts";

/**
 * `new`: not here yet; `same`: here with the same content; `differs`: here with another content;
 * `newerHere`: the same, and changed after what the snapshot holds; `extra`: only here.
 */
export type RestoreState = "new" | "same" | "differs" | "newerHere" | "extra";

export interface PlannedPath {
  path: string;
  type: Entry["type"] | "unknown";
  state: RestoreState;
  /** Bytes of the file in the snapshot; 0 for anything else. */
  size: number;
}

export interface RestorePlan {
  id: string;
  /** Absolute, without symbolic links where it exists. */
  target: string;
  entries: PlannedPath[];
  counts: Record<RestoreState, number>;
  /** Bytes of the files that are new or differ. */
  bytes: number;
}

export interface RestorePlanOptions extends SelectionOptions {
  snapshot: Snapshot;
  /** Absolute path of the folder to restore to; it need not exist. */
  target: string;
  /** Compare by size and time, and do not read what is here. */
  byTime?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface SelectedEntry {
  entry: Entry;
  state: Exclude<RestoreState, "extra">;
}

/** What is needed to carry a plan out. */
export interface PreparedRestore {
  plan: RestorePlan;
  selected: SelectedEntry[];
  /** Every file of the snapshot, by its path: what hard links lead to. */
  files: Map<string, FileEntry>;
  /** Lists of entries that are damaged: nobody knows which paths they named. */
  lost: { path: string; reason: string }[];
}

/** Tells for each path what a restore would find. Changes nothing. */
export async function restorePlan(options: RestorePlanOptions): Promise<RestorePlan> {
  return (await prepareRestore(options)).plan;
}

export async function prepareRestore(options: RestorePlanOptions): Promise<PreparedRestore> {
  const { snapshot, signal } = options;
  const { entries: all, databases, lost } = await readEntries(snapshot);
  checkPaths(all);
  const { entries, folders: whole } = selectEntries(all, databases, options);
  const target = await realpath(options.target).catch(() => resolve(options.target));
  const folders = new SafeFolders(target);
  const pace = createPace(signal);
  const selected: SelectedEntry[] = [];
  for (const entry of entries) {
    folders.check(entry.path);
    const state = await stateOf(entry, target, options.byTime === true, pace);
    selected.push({ entry, state });
    await pace();
  }
  const extra = findExtra(new Set(all.map(({ path }) => path)), whole, target);
  const files = new Map(all.flatMap((one) => (one.type === "file" ? [[one.path, one]] : [])));
  return { plan: planOf(snapshot.commit.id, target, selected, extra), selected, files, lost };
}

async function readEntries(
  snapshot: Snapshot,
): Promise<{ entries: Entry[]; databases: DatabaseFacts[] } & Pick<PreparedRestore, "lost">> {
  const entries: Entry[] = [];
  const lost: PreparedRestore["lost"] = [];
  const onDamaged = (count: number, reason: string): void => {
    const after = entries.at(-1)?.path;
    const where = after === undefined ? "the first" : `after ${after},`;
    lost.push({ path: `${where} ${count} paths whose list is damaged`, reason });
  };
  for await (const page of snapshot.entries(undefined, onDamaged)) entries.push(...page);
  return { entries, databases: (await snapshot.manifest()).databases, lost };
}

function planOf(
  id: string,
  target: string,
  selected: readonly SelectedEntry[],
  extra: readonly string[],
): RestorePlan {
  const entries: PlannedPath[] = selected.map(({ entry, state }) => {
    const size = entry.type === "file" ? entry.size : 0;
    return { path: entry.path, type: entry.type, state, size };
  });
  for (const path of extra) entries.push({ path, type: "unknown", state: "extra", size: 0 });
  const counts = { new: 0, same: 0, differs: 0, newerHere: 0, extra: 0 };
  let bytes = 0;
  for (const { state, size } of entries) {
    counts[state] += 1;
    if (state !== "same") bytes += size;
  }
  return { id, target, entries, counts, bytes };
}
