import { isIdentifier } from "../../identifier.ts";
import { repositoryFailure } from "../failures.ts";
import { snapshotKey, trashFolder, trashKey } from "../format/layout.ts";
import { isRecord } from "../format/record.ts";
import { withLock } from "../lock.ts";
import type { Clock } from "../open-repository.ts";
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
  for await (const { key } of store.list(trashFolder)) {
    const id = key.slice(trashFolder.length).replace(/\.json$/, "");
    if (!isIdentifier(id)) continue;
    // A removal that was interrupted has taken the COMMIT away first: nothing can come back.
    if ((await store.get(snapshotKey(id, "COMMIT"))) === null) continue;
    found.push({ id, ...timesOf(await store.get(key)) });
  }
  return found.sort((a, b) => (a.id < b.id ? -1 : 1));
}

function timesOf(note: Buffer | null): Omit<TrashedSnapshot, "id"> {
  try {
    const value: unknown = JSON.parse(note?.toString("utf8") ?? "");
    const since = isRecord(value) ? Date.parse(String(value["trashedAt"])) : Number.NaN;
    const [trashed, keptUntil] = [since, since + keptInTrash].map((time) =>
      new Date(time).toISOString(),
    );
    return { trashed: trashed ?? null, keptUntil: keptUntil ?? null };
  } catch {
    return { trashed: null, keptUntil: null };
  }
}

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
