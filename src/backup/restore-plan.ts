import { createHash } from "node:crypto";
import { closeSync, lstatSync, openSync, readSync, readdirSync, readlinkSync } from "node:fs";
import type { Stats } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, resolve } from "node:path";
import { systemCode } from "../errors.ts";
import { loadManifest } from "./load-manifest.ts";
import type { FileEntry, Manifest } from "./manifest.ts";
import { createPace } from "./pace.ts";
import { openStore } from "./repository.ts";
import type { RepositoryLocation } from "./repository.ts";
import { selectEntries } from "./restore-selection.ts";
import type { Restorable } from "./restore-selection.ts";
import { SafeFolders, checkPaths } from "./safe-path.ts";
import { loadCommit } from "./summary.ts";
import { frameBytes } from "./zstd.ts";

/**
 * `new`: not here yet; `same`: here with the same content; `differs`: here with another content;
 * `newerHere`: the same, and changed after what the snapshot holds; `extra`: only here.
 */
export type RestoreState = "new" | "same" | "differs" | "newerHere" | "extra";

export interface PlannedPath {
  path: string;
  type: Restorable["type"] | "unknown";
  state: RestoreState;
  /** Bytes to write; 0 for anything but a file. */
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

export interface RestorePlanOptions {
  repository: RepositoryLocation;
  id: string;
  /** Absolute path of the folder to restore to; it need not exist. */
  target: string;
  paths?: readonly string[] | undefined;
  databases?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** What is needed to carry a plan out. */
export interface PreparedRestore {
  plan: RestorePlan;
  manifest: Manifest;
  selected: Restorable[];
}

/** Tells for each path what a restore would find. Changes nothing. */
export async function restorePlan(options: RestorePlanOptions): Promise<RestorePlan> {
  return (await prepareRestore(options)).plan;
}

export async function prepareRestore(options: RestorePlanOptions): Promise<PreparedRestore> {
  const store = openStore(options.repository);
  const manifest = await loadManifest(store, await loadCommit(store, options.id));
  checkPaths(manifest.entries);
  const { entries: selected, folders: whole } = selectEntries(manifest.entries, options);
  const target = await realpath(options.target).catch(() => resolve(options.target));
  const folders = new SafeFolders(target);
  const pace = createPace(options.signal);
  const entries: PlannedPath[] = [];
  for (const entry of selected) {
    await folders.check(entry.path);
    const state = await stateOf(entry, join(target, entry.path), pace);
    const size = entry.type === "file" ? entry.size : 0;
    entries.push({ path: entry.path, type: entry.type, state, size });
  }
  entries.push(...findExtra(manifest, whole, target));
  return { plan: { id: options.id, target, entries, ...totals(entries) }, manifest, selected };
}

function totals(entries: PlannedPath[]): Pick<RestorePlan, "counts" | "bytes"> {
  const counts = { new: 0, same: 0, differs: 0, newerHere: 0, extra: 0 };
  let bytes = 0;
  for (const { state, size } of entries) {
    counts[state] += 1;
    if (state !== "same") bytes += size;
  }
  return { counts, bytes };
}

async function stateOf(
  entry: Restorable,
  path: string,
  pace: () => Promise<void>,
): Promise<RestoreState> {
  const found = lookAt(path);
  if (found === null) return "new";
  if (await isSame(entry, path, found, pace)) return "same";
  return found.mtimeMs > entry.mtime ? "newerHere" : "differs";
}

async function isSame(
  entry: Restorable,
  path: string,
  found: Stats,
  pace: () => Promise<void>,
): Promise<boolean> {
  if (entry.type === "directory") return found.isDirectory();
  if (entry.type === "symlink") {
    return found.isSymbolicLink() && readlinkSync(path) === entry.target;
  }
  return found.isFile() && found.size === entry.size && hasContent(path, entry, pace);
}

async function hasContent(
  path: string,
  entry: FileEntry,
  pace: () => Promise<void>,
): Promise<boolean> {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(Math.min(frameBytes, entry.size + 1));
  const descriptor = openSync(path, "r");
  try {
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) break;
      hash.update(buffer.subarray(0, length));
      await pace();
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest("hex") === entry.sha256;
}

/** What is only in the target, in the folders that are restored as a whole. */
function findExtra(manifest: Manifest, folders: Set<string>, target: string): PlannedPath[] {
  const known = new Set(manifest.entries.map((entry) => entry.path));
  const extra: PlannedPath[] = [];
  for (const folder of folders) {
    if (lookAt(join(target, folder))?.isDirectory() !== true) continue;
    for (const name of readdirSync(join(target, folder))) {
      const path = `${folder}/${name}`;
      if (!known.has(path)) extra.push({ path, type: "unknown", state: "extra", size: 0 });
    }
  }
  return extra;
}

/** What is at a path, links not followed; null when nothing is, or its folder is none. */
export function lookAt(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return null;
    throw error;
  }
}
