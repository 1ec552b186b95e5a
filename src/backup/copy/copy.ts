import { reasonOf, usageError } from "../../errors.ts";
import { listDamaged } from "../damaged-objects.ts";
import { isDamage, repositoryFailure } from "../failures.ts";
import { decodeCommit } from "../format/commit.ts";
import { type SnapshotFile, snapshotKey, trashKey } from "../format/layout.ts";
import { isRecord } from "../format/record.ts";
import { type RepositoryLock, withLock } from "../lock.ts";
import { type Clock, prepareRepository, readConfig } from "../open-repository.ts";
import type { ProgressListener } from "../pace.ts";
import { Snapshot } from "../snapshot/open-snapshot.ts";
import { putVerified } from "../store/put-verified.ts";
import type { Store } from "../store/store.ts";
import { listObjects } from "../stored-objects.ts";
import { removeLeftovers } from "../unfinished.ts";
import { copyObjects } from "./copy-objects.ts";

export interface CopyOptions {
  from: Store;
  to: Store;
  /** Ids of snapshots of `from`. */
  ids: readonly string[];
  /** Files for a new repository that explain it and restore without studio: text by name. */
  guides: Readonly<Record<string, string>>;
  now: Clock;
  /** Milliseconds to wait for another run that uses the target; none by default. */
  lockWait?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface CopiedSnapshot {
  id: string;
  encrypted: boolean;
  /** `present`: it was in the target already, and lacked nothing or does no longer. */
  outcome: "copied" | "present" | "failed";
  /** Objects it needs, and what of them was written, in number and bytes. */
  objects: number;
  addedObjects: number;
  addedBytes: number;
  /** Why it was not copied: it is damaged here. */
  reason: string | null;
}

export interface CopyReport {
  from: string;
  to: string;
  snapshots: CopiedSnapshot[];
}

/**
 * Copies snapshots to another repository: of each the objects that are missing there, byte by byte
 * as they are stored, read back by the SHA-256 that names them, and last its COMMIT. No key is
 * needed, and what is encrypted stays encrypted to whom it was. What was interrupted goes on where
 * it was when it is asked for again.
 *
 * A repository that is not there yet is made with the recipients of the one that is copied from. An
 * existing one keeps its own, whoever they are: each COMMIT says itself whether its snapshot is
 * encrypted, every object says to whom, and none is shared between both kinds, so that snapshots to
 * different recipients lie in one repository as if each were alone.
 */
export async function copySnapshots(options: CopyOptions): Promise<CopyReport> {
  const { from, to, now, lockWait: wait, signal } = options;
  const report: CopyReport = { from: from.location, to: to.location, snapshots: [] };
  const ids = [...new Set(options.ids)].sort();
  if (ids.length === 0) return report;
  const { recipients = [] } = (await readConfig(from)) ?? {};
  try {
    if ((await readConfig(to)) === null) {
      await prepareRepository(to, { recipients, now, guides: options.guides });
    }
    const purpose = `copying snapshots from ${from.location}`;
    await withLock({ store: to, purpose, now, wait, signal }, async (lock) => {
      await removeLeftovers(to, now);
      const sizes = await listObjects(from);
      const there = await listObjects(to);
      const damaged = await listDamaged(to);
      for (const sha256 of damaged) there.delete(sha256);
      for (const id of ids) {
        report.snapshots.push(await copyOne({ ...options, id, sizes, there, damaged, lock }));
      }
    });
  } catch (error) {
    throw repositoryFailure(error, to.location);
  }
  return report;
}

interface OneCopy extends CopyOptions {
  id: string;
  /** Bytes of the objects here, and of those that are in the target. */
  sizes: ReadonlyMap<string, number>;
  there: Map<string, number>;
  /** Objects that a verification found damaged in the target: they are written anew. */
  damaged: ReadonlySet<string>;
  lock: RepositoryLock;
}

async function copyOne(copy: OneCopy): Promise<CopiedSnapshot> {
  const { from, to, id, lock, signal } = copy;
  const result: CopiedSnapshot = {
    id,
    encrypted: false,
    outcome: "copied",
    objects: 0,
    addedObjects: 0,
    addedBytes: 0,
    reason: null,
  };
  try {
    const snapshot = await Snapshot.open({ store: from, id, opener: null });
    result.encrypted = snapshot.commit.encrypted;
    const bytes = await from.get(snapshotKey(id, "COMMIT"));
    if (bytes === null) throw usageError(`Snapshot ${id} is gone from ${from.location}.`);
    const present = await isPresent(to, id, bytes);
    const objects = await snapshot.objects();
    result.objects = objects.length;
    const added = await copyObjects({ ...copy, snapshot, objects });
    result.addedObjects = added.objects;
    result.addedBytes = added.bytes;
    if (present) result.outcome = "present";
    else {
      await copyRecords(copy, snapshot);
      // All that the commit speaks of has to outlast a power cut before it does.
      await to.sync();
      await lock.assertHeld();
      signal?.throwIfAborted();
      await putVerified(to, snapshotKey(id, "COMMIT"), bytes);
    }
    // Whoever copies a snapshot wants it listed.
    await to.remove(trashKey(id));
    await to.sync();
  } catch (error) {
    if (!isDamage(error)) throw error;
    result.outcome = "failed";
    result.reason = reasonOf(error);
  }
  return result;
}

/** Whether the target has this very snapshot; one whose COMMIT is damaged there is copied anew. */
async function isPresent(to: Store, id: string, commit: Buffer): Promise<boolean> {
  const found = await to.get(snapshotKey(id, "COMMIT"));
  if (found === null) return false;
  if (found.equals(commit)) return true;
  try {
    decodeCommit(found, id);
  } catch (error) {
    if (isDamage(error)) return false;
    throw error;
  }
  throw usageError(
    `There is another snapshot ${id} in ${to.location}.`,
    "Nothing of it was changed. Copy to a repository of its own.",
  );
}

/** The files of a snapshot besides its COMMIT. Notes are about one COMMIT, and copied with it. */
async function copyRecords({ from, to, id }: OneCopy, snapshot: Snapshot): Promise<void> {
  const { commit } = snapshot;
  const { encrypted } = commit;
  const manifest = snapshotKey(id, "manifest.zst", encrypted);
  await putVerified(to, manifest, await snapshot.storedManifest());
  await putVerified(to, snapshotKey(id, "objects"), await snapshot.storedObjectList());
  const notes: SnapshotFile[] = ["verified.json", "drilled.json"];
  for (const note of notes) {
    const bytes = await from.get(snapshotKey(id, note));
    if (bytes === null || commitOf(bytes) !== commit.checksum) continue;
    await putVerified(to, snapshotKey(id, note), bytes);
  }
}

function commitOf(note: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(note.toString("utf8"));
    return isRecord(value) ? value["commit"] : null;
  } catch {
    return null;
  }
}
