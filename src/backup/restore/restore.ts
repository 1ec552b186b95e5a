import { mkdir, realpath } from "node:fs/promises";
import { writeAttributes } from "../attributes/write-attributes.ts";
import type { Entry, FileEntry, HardLinkEntry } from "../format/entry.ts";
import type { ProgressListener } from "../pace.ts";
import { restoreFailure } from "../failures.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import type { Store } from "../store/store.ts";
import { keepNurserySmall } from "../../small-nursery.ts";
import { createUnpackRunner } from "../unpack/runner.ts";
import { ContentRestorer } from "./content-restorer.ts";
import type { ConflictPolicy } from "./conflict-policies.ts";
import { type Decision, decide } from "./decide.ts";
import { finishFolders, makeFolders } from "./folders.ts";
import { RestoreJournal } from "./journal.ts";
import { makeHardLink, makeSymlink } from "./links.ts";
import { type PreparedRestore, type RestorePlan, prepareRestore } from "./plan.ts";
import { Placer } from "./placer.ts";
import type { SelectionOptions } from "./selection.ts";
import { sweepTemporaries } from "./temporary.ts";

export interface RestoreOptions extends SelectionOptions {
  snapshot: Snapshot;
  store: Store;
  /** age identities that open the snapshot; none where it is not encrypted. */
  identities: readonly string[];
  /** Absolute path of the folder to restore to; it is created. */
  target: string;
  conflict: ConflictPolicy;
  /** A folder for what is replaced and for the journal that `undoRestore` reads. */
  keepReplacedIn: string;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface RestoreReport {
  plan: RestorePlan;
  /** How many paths were written. */
  written: number;
  /** Paths that were left as they are, because of the policy. */
  left: string[];
  replaced: { path: string; keptAs: string }[];
  /** What the repository does not hold any more as it was backed up: nothing is put in its place. */
  damaged: { path: string; reason: string }[];
  /** Why extended attributes are not all set, as a sentence; null when they are. */
  attributes: string | null;
  /** Bytes of content that were written. */
  bytes: number;
}

/**
 * Restores files, folders and links of a snapshot. Each file is written beside its place, and put
 * there once its SHA-256 was checked. Nothing is ever written outside of `target`, and nothing
 * there is lost: what is replaced is moved to `keepReplacedIn`. Can be repeated after a crash.
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<RestoreReport> {
  try {
    return await carryOut(options);
  } catch (error) {
    throw restoreFailure(error, options.target);
  }
}

async function carryOut(options: RestoreOptions): Promise<RestoreReport> {
  const { snapshot, store, conflict, identities, signal, onProgress } = options;
  keepNurserySmall();
  const byTime = conflict === "if-changed";
  const prepared = await prepareRestore({ ...options, byTime });
  const decisions = decide(prepared, conflict);
  await mkdir(options.target, { recursive: true });
  const target = await realpath(options.target);
  const journal = new RestoreJournal(target, options.keepReplacedIn);
  const placer = new Placer({ target, journal, mayReplace: conflict !== "fail" });
  const todo = decisions.filter(isToDo);
  sweepTemporaries(target, todo);
  await makeFolders(todo, placer);
  const { encrypted } = snapshot.commit;
  const bytes = snapshot.commit.objects.bytes;
  const pool = await createUnpackRunner({
    store,
    encrypted,
    identities,
    opener: snapshot.opener,
    proof: "contents",
    bytes,
  });
  const { requestsAtOnce } = store;
  const total = prepared.plan.bytes;
  const content = new ContentRestorer({ pool, placer, requestsAtOnce, total, onProgress });
  try {
    for (const decision of todo) {
      if (isFile(decision)) content.add(decision);
    }
    await content.run(signal);
  } finally {
    await pool.close();
    await content.settle();
  }
  // Links come last, so that nothing is ever written through one of them.
  const lost = new Map(content.damaged.map(({ path, reason }) => [path, reason]));
  for (const { entry, path } of todo) {
    if (entry.type === "symlink") await makeSymlink(entry, path, placer);
    if (entry.type !== "link") continue;
    const reason = lost.get(entry.target) ?? unlisted(entry, prepared);
    if (reason === null) await makeHardLink(entry, path, placer);
    else content.damaged.push({ path, reason });
  }
  // Folders that an interrupted run has made are there, but not finished.
  const isBegun = ({ action, path }: Decision): boolean =>
    action === "same" && journal.earlier.has(path);
  const finished = decisions.filter((one) => isToDo(one) || isBegun(one));
  finishFolders(finished, target);
  // Last of all: a change of owner takes capabilities away, and one of mode changes access lists.
  const placed = finished.map(({ entry, path }) => ({ entry, path: `${target}/${path}` }));
  const attributes = await writeAttributes(placed);
  return {
    plan: prepared.plan,
    written: placer.written,
    left: decisions.flatMap(({ action, path }) => (action === "leave" ? [path] : [])),
    replaced: placer.replaced,
    damaged: [...prepared.lost, ...content.damaged],
    attributes,
    bytes: content.bytes,
  };
}

/** Why a hard link has no other name; null where it has one. */
function unlisted({ target }: HardLinkEntry, { files }: PreparedRestore): string | null {
  return files.has(target) ? null : `it is another name of ${target}, which is not listed`;
}

function isToDo({ action }: Decision): boolean {
  return action === "write" || action === "replace";
}

function isFile(decision: Decision): decision is Decision & { entry: FileEntry } {
  const entry: Entry = decision.entry;
  return entry.type === "file";
}
