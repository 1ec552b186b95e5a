import { isIdentifier } from "../identifier.ts";
import { snapshotsFolder } from "./format/layout.ts";
import type { Clock } from "./open-repository.ts";
import type { Store } from "./store/store.ts";

const abandonedAfter = 24 * 3_600_000;

/**
 * Removes the records of snapshots without COMMIT, which interrupted runs left, and old unfinished
 * writes. Their objects stay: the next run may use them, and prune removes those that none does.
 * The caller holds the lock.
 * @returns ids of the snapshots
 */
export async function removeLeftovers(store: Store, now: Clock): Promise<string[]> {
  const files = new Map<string, string[]>();
  for await (const { key } of store.list(snapshotsFolder)) {
    const id = key.slice(snapshotsFolder.length).split("/")[0] ?? "";
    if (isIdentifier(id)) files.set(id, [...(files.get(id) ?? []), key]);
  }
  const removed = [...files].filter(([, keys]) => !keys.some((key) => key.endsWith("/COMMIT")));
  for (const [, keys] of removed) {
    for (const key of keys) await store.remove(key);
  }
  await store.removeAbandoned(new Date(now().getTime() - abandonedAfter));
  return removed.map(([id]) => id);
}
