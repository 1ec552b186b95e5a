import { hash } from "node:crypto";
import { forgetDamaged, listDamaged } from "../damaged-objects.ts";
import { repositoryFailure } from "../failures.ts";
import { decodeCommit } from "../format/commit.ts";
import { snapshotFolder, snapshotKey, trashKey } from "../format/layout.ts";
import { objectOfKey, objectsFolder } from "../format/object.ts";
import { decodeObjectList } from "../format/object-list.ts";
import { type RepositoryLock, withLock } from "../lock.ts";
import { type Clock, readConfig } from "../open-repository.ts";
import { forEachAtOnce, mapAhead } from "../parallel.ts";
import { removeUnlocked } from "../store/remove-unlocked.ts";
import type { Store } from "../store/store.ts";
import { committedIds, listSnapshots } from "../summary.ts";
import { removeLeftovers } from "../unfinished.ts";
import { type Retention, type RetentionChoice, chooseRetained } from "./retention.ts";
import { keptInTrash, readTrashNotes } from "./trash.ts";

export interface PruneOptions {
  store: Store;
  retention: Retention;
  now: Clock;
  /** Only tell what would be done. */
  plan: boolean;
  /** Ids that stay whatever the retention says: releases refer to them. */
  keep?: readonly string[] | undefined;
  /** Milliseconds a snapshot stays in the trash before it is removed; a day by default. */
  trashFor?: number | undefined;
  /** Milliseconds to wait for another run that uses the repository; none by default. */
  lockWait?: number | undefined;
}

export interface PruneReport {
  plan: boolean;
  /** Newest first within each set, with the rules that keep them. */
  kept: RetentionChoice[];
  /** Given up now: listed no more, but still there until their time in the trash is over. */
  trashed: string[];
  /** Removed for good. */
  removed: string[];
  /** In the trash, not removed yet. */
  waiting: string[];
  /** Bytes of the objects that no snapshot needs any more, removed now. */
  freedBytes: number;
  /** Ids whose COMMIT is damaged: never counted and never removed. */
  damaged: string[];
}

const aDay = 24 * 3_600_000;
/** Milliseconds after which the lock is looked at again: a lost one is not taken over sooner. */
const assertEvery = 5000;

/**
 * Gives up the snapshots that the retention does not keep. In two steps: a snapshot goes to the
 * trash (a note; deleting the note brings it back), and is removed by a prune after a day there,
 * with the objects that no other snapshot needs.
 */
export async function pruneSnapshots(options: PruneOptions): Promise<PruneReport> {
  const { store, now, lockWait: wait } = options;
  // Where no repository is yet there is nothing to lock: a folder is not made for that.
  if (options.plan || (await readConfig(store)) === null) return carryOut(options);
  try {
    const purpose = "pruning snapshots";
    return await withLock({ store, purpose, now, wait }, async (lock) => {
      await removeLeftovers(store, now);
      return carryOut(options, lock);
    });
  } catch (error) {
    throw repositoryFailure(error, store.location);
  }
}

/** @param lock null where nothing is to be changed */
async function carryOut(
  options: PruneOptions,
  lock: RepositoryLock | null = null,
): Promise<PruneReport> {
  const { store, plan, now, retention } = options;
  const snapshots = await listSnapshots(store);
  const sound = snapshots.filter(({ damaged }) => damaged === null);
  const choices = chooseRetained(sound, retention, now());
  for (const { snapshot, reasons } of choices) {
    if (options.keep?.includes(snapshot.id) === true) reasons.push("in use");
  }
  const given = choices.filter(({ reasons }) => reasons.length === 0).map((one) => one.snapshot);
  const { due, waiting } = await readTrash(store, now(), options.trashFor ?? keptInTrash);
  const removed = plan ? due : [];
  let freedBytes = 0;
  if (lock !== null) {
    for (const id of due) {
      const gone = await removeSnapshot(store, id);
      (gone ? removed : waiting).push(id);
    }
    for (const { id } of given) await trashSnapshot(store, id, now());
    // What is gone must stay gone before anything goes that it needed, also after a power cut.
    await store.sync();
    freedBytes = await removeUnneeded(store, now(), lock);
    await store.sync();
  }
  return {
    plan,
    kept: choices.filter(({ reasons }) => reasons.length > 0),
    trashed: given.map(({ id }) => id),
    removed,
    waiting,
    freedBytes,
    damaged: snapshots.filter(({ damaged }) => damaged !== null).map(({ id }) => id),
  };
}

async function trashSnapshot(store: Store, id: string, now: Date): Promise<void> {
  const note = { id, trashedAt: now.toISOString() };
  await store.put(trashKey(id), Buffer.from(`${JSON.stringify(note)}\n`));
}

/**
 * Without its COMMIT a snapshot does not exist, so a removal that is interrupted can go on. The
 * COMMIT is gone for good before the rest goes, and before the note that keeps it from being listed.
 * False where it is under object lock: it stays in the trash until that is over.
 */
async function removeSnapshot(store: Store, id: string): Promise<boolean> {
  if (!(await removeUnlocked(store, snapshotKey(id, "COMMIT")))) return false;
  await store.sync();
  const files = store.list(snapshotFolder(id));
  await forEachAtOnce(files, store.requestsAtOnce, async ({ key }) => {
    await removeUnlocked(store, key);
  });
  await store.remove(trashKey(id));
  return true;
}

/**
 * Removes the objects that no snapshot needs, those in the trash included, once they are a day old:
 * a run whose lock was taken over, and which wakes up again, may still count on younger ones. Does
 * nothing while one snapshot cannot tell what it needs.
 */
async function removeUnneeded(store: Store, now: Date, lock: RepositoryLock): Promise<number> {
  const needed = await neededObjects(store);
  if (needed === null) return 0;
  const damaged = await listDamaged(store);
  let freed = 0;
  let asserted = Number.NEGATIVE_INFINITY;
  const objects = store.list(objectsFolder);
  await forEachAtOnce(objects, store.requestsAtOnce, async ({ key, size, modified }) => {
    const object = objectOfKey(key);
    if (object === null || needed.has(object.sha256)) return;
    if (now.getTime() - modified.getTime() < aDay) return;
    // A run that took the lock over may refer to what nobody needed a moment ago.
    if (performance.now() - asserted > assertEvery) {
      await lock.assertHeld();
      asserted = performance.now();
    }
    if (!(await removeUnlocked(store, key))) return;
    if (damaged.has(object.sha256)) await forgetDamaged(store, [object.sha256]);
    freed += size;
  });
  return freed;
}

async function neededObjects(store: Store): Promise<Set<string> | null> {
  const needed = new Set<string>();
  const lists = mapAhead(await committedIds(store), store.requestsAtOnce, async (id) => {
    const commit = await store.get(snapshotKey(id, "COMMIT"));
    return { id, commit, list: await store.get(snapshotKey(id, "objects")) };
  });
  for await (const { id, commit, list } of lists) {
    try {
      if (commit === null || list === null) return null;
      // A list that lost a line would have us remove what its snapshot needs.
      if (decodeCommit(commit, id).objects.sha256 !== hash("sha256", list)) return null;
      for (const { sha256 } of decodeObjectList(list.toString("utf8"))) needed.add(sha256);
    } catch {
      return null;
    }
  }
  return needed;
}

async function readTrash(
  store: Store,
  now: Date,
  trashFor: number,
): Promise<{ due: string[]; waiting: string[] }> {
  const due: string[] = [];
  const waiting: string[] = [];
  for (const { id, since } of await readTrashNotes(store)) {
    const over = since !== null && now.getTime() - since >= trashFor;
    (over ? due : waiting).push(id);
  }
  return { due, waiting };
}
