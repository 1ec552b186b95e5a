import { isIdentifier } from "../../identifier.ts";
import { repositoryFailure } from "../failures.ts";
import { snapshotKey, trashFolder, trashKey } from "../format/layout.ts";
import { isRecord } from "../format/record.ts";
import { withLock } from "../lock.ts";
import type { Clock } from "../open-repository.ts";
import { forEachAtOnce } from "../parallel.ts";
import type { Store } from "../store/store.ts";

/** Milliseconds that a snapshot can be brought back after it was given up. */
export const keptInTrash = 24 * 3_600_000;

export interface TrashedSnapshot {
  id: string;
  /** ISO 8601, UTC; both null for a note that cannot be read, whose snapshot is not removed. */
  trashed: string | null;
  /** A prune after this instant removes it for good. */
  keptUntil: string | null;
}

/** The snapshots that were given up and are still there, oldest first. */
export async function listTrash(store: Store): Promise<TrashedSnapshot[]> {
  const found: TrashedSnapshot[] = [];
  for (const { id, since } of await readTrashNotes(store)) {
    // A removal that was interrupted has taken the COMMIT away first: nothing can come back.
    if ((await store.get(snapshotKey(id, "COMMIT"))) === null) continue;
    const trashed = since === null ? null : new Date(since).toISOString();
    const keptUntil = since === null ? null : new Date(since + keptInTrash).toISOString();
    found.push({ id, trashed, keptUntil });
  }
  return found;
}

export interface TrashNote {
  id: string;
  /** Milliseconds since 1970; null for a note that cannot be read: its snapshot then stays. */
  since: number | null;
}

/** All notes of the trash, oldest snapshot first. */
export async function readTrashNotes(store: Store): Promise<TrashNote[]> {
  const notes: TrashNote[] = [];
  await forEachAtOnce(store.list(trashFolder), store.requestsAtOnce, async ({ key }) => {
    const id = key.slice(trashFolder.length).replace(/\.json$/, "");
    if (isIdentifier(id)) notes.push({ id, since: trashedAt(await store.get(key), id) });
  });
  return notes.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function trashedAt(bytes: Buffer | null, id: string): number | null {
  try {
    const note: unknown = JSON.parse(bytes?.toString("utf8") ?? "");
    const own = isRecord(note) && note["id"] === id;
    const time = own ? Date.parse(String(note["trashedAt"])) : Number.NaN;
    return Number.isNaN(time) || Math.abs(time) > lastInstant - keptInTrash ? null : time;
  } catch {
    return null;
  }
}

/** Of what a Date can hold, in milliseconds since 1970 (ECMA-262, section 21.4.1.1). */
const lastInstant = 8.64e15;

export interface UndeleteOptions {
  store: Store;
  /** Ids of snapshots in the trash. */
  ids: readonly string[];
  now: Clock;
  /** Milliseconds to wait for another run that uses the repository; none by default. */
  lockWait?: number | undefined;
}

/**
 * Brings snapshots back from the trash.
 * @returns the ids that are listed again; one that a prune has removed meanwhile is not among them
 */
export async function undeleteSnapshots(options: UndeleteOptions): Promise<string[]> {
  const { store, ids, now, lockWait: wait } = options;
  if (ids.length === 0) return [];
  try {
    const purpose = "bringing snapshots back";
    return await withLock({ store, purpose, now, wait }, async () => {
      const there = new Set((await listTrash(store)).map(({ id }) => id));
      const restored = ids.filter((id) => there.has(id));
      for (const id of restored) await store.remove(trashKey(id));
      await store.sync();
      return restored;
    });
  } catch (error) {
    throw repositoryFailure(error, store.location);
  }
}
