import { repositoryFailure } from "./failures.ts";
import { withLock } from "./lock.ts";
import { isRecord } from "./json-record.ts";
import { openStore, snapshotKey, snapshotsFolder, trashFolder, trashKey } from "./repository.ts";
import type { Clock, RepositoryLocation } from "./repository.ts";
import { chooseRetained } from "./retention.ts";
import type { Retention, RetentionChoice } from "./retention.ts";
import type { Store } from "./store.ts";
import { listSnapshots } from "./summary.ts";
import { removeLeftovers } from "./unfinished.ts";
import { isIdentifier } from "../identifier.ts";

export interface PruneOptions {
  repository: RepositoryLocation;
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
  /** Bytes of the snapshots in `trashed`. */
  trashedBytes: number;
  /** Ids whose COMMIT is damaged: never counted and never removed. */
  damaged: string[];
}

const aDay = 24 * 3_600_000;

/**
 * Gives up the snapshots that the retention does not keep. In two steps: a snapshot goes to the
 * trash (a note; deleting the note brings it back), and is removed by a prune after a day there.
 */
export async function pruneSnapshots(options: PruneOptions): Promise<PruneReport> {
  const store = openStore(options.repository);
  // Without snapshots there is nothing to lock: a folder is not made for that.
  const isEmpty = (await store.list(snapshotsFolder)).length === 0;
  if (options.plan || isEmpty) return carryOut(store, options);
  try {
    const { now, lockWait } = options;
    const purpose = "pruning snapshots";
    const lock = { store, purpose, now, wait: lockWait };
    return await withLock(lock, async () => {
      await removeLeftovers(store, now);
      return carryOut(store, options);
    });
  } catch (error) {
    throw repositoryFailure(error, store.location);
  }
}

async function carryOut(store: Store, options: PruneOptions): Promise<PruneReport> {
  const { plan, now, retention } = options;
  const snapshots = await listSnapshots(store);
  const sound = snapshots.filter(({ damaged }) => damaged === null);
  const choices = chooseRetained(sound, retention);
  for (const { snapshot, reasons } of choices) {
    if (options.keep?.includes(snapshot.id) === true) reasons.push("in use");
  }
  const given = choices.filter(({ reasons }) => reasons.length === 0).map((one) => one.snapshot);
  const { due, waiting } = await readTrash(store, now(), options.trashFor ?? aDay);
  if (!plan) {
    for (const id of due) await removeSnapshot(store, id);
    for (const { id } of given) await trashSnapshot(store, id, now());
  }
  return {
    plan,
    kept: choices.filter(({ reasons }) => reasons.length > 0),
    trashed: given.map(({ id }) => id),
    removed: due,
    waiting,
    trashedBytes: given.reduce((sum, { counts }) => sum + counts.storedBytes, 0),
    damaged: snapshots.filter(({ damaged }) => damaged !== null).map(({ id }) => id),
  };
}

async function trashSnapshot(store: Store, id: string, now: Date): Promise<void> {
  const note = { id, trashedAt: now.toISOString() };
  await store.put(trashKey(id), Buffer.from(`${JSON.stringify(note)}\n`));
}

/** Without its COMMIT a snapshot does not exist, so a removal that is interrupted can go on. */
async function removeSnapshot(store: Store, id: string): Promise<void> {
  await store.remove(snapshotKey(id, "COMMIT"));
  await store.removeFolder(snapshotKey(id));
  await store.remove(trashKey(id));
}

async function readTrash(
  store: Store,
  now: Date,
  trashFor: number,
): Promise<{ due: string[]; waiting: string[] }> {
  const due: string[] = [];
  const waiting: string[] = [];
  for (const name of (await store.list(trashFolder)).sort()) {
    const id = name.replace(/\.json$/, "");
    if (!isIdentifier(id)) continue;
    const since = trashedAt(await store.get(trashKey(id)));
    const over = since !== null && now.getTime() - since >= trashFor;
    (over ? due : waiting).push(id);
  }
  return { due, waiting };
}

/** Null for a note that cannot be read: the snapshot then stays in the trash. */
function trashedAt(bytes: Buffer | null): number | null {
  try {
    const note: unknown = JSON.parse(bytes?.toString("utf8") ?? "");
    const time = isRecord(note) ? Date.parse(String(note["trashedAt"])) : Number.NaN;
    return Number.isNaN(time) ? null : time;
  } catch {
    return null;
  }
}
