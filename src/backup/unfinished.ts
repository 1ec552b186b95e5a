import { isIdentifier } from "../identifier.ts";
import { isTagOfDead } from "./holder.ts";
import { withLock } from "./lock.ts";
import { openStore, scratchDirectory, snapshotKey, snapshotsFolder } from "./repository.ts";
import type { Clock, RepositoryLocation } from "./repository.ts";
import { rm, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Store } from "./store.ts";

const abandonedAfter = 24 * 3_600_000;

/**
 * Removes what interrupted runs left: snapshots without COMMIT, unfinished writes, copies of
 * databases. Waits for nobody: fails with `backup.locked` while another run writes.
 * Returns the ids of the removed snapshots.
 */
export async function removeUnfinished(
  repository: RepositoryLocation,
  now: Clock,
): Promise<string[]> {
  const store = openStore(repository);
  const purpose = "removing unfinished snapshots";
  return withLock({ store, purpose, now }, () => removeLeftovers(store, now));
}

/** The same under a lock that the caller holds. */
export async function removeLeftovers(store: Store, now: Clock): Promise<string[]> {
  const removed: string[] = [];
  for (const id of (await store.list(snapshotsFolder)).filter(isIdentifier)) {
    if ((await store.list(snapshotKey(id))).includes("COMMIT")) continue;
    await store.removeFolder(snapshotKey(id));
    removed.push(id);
  }
  const before = new Date(now().getTime() - abandonedAfter);
  await store.removeAbandoned(before);
  await removeScratch(store, before);
  return removed;
}

/** Copies made by a run that held the lock, or that is dead, are left over; so are old ones. */
async function removeScratch(store: Store, before: Date): Promise<void> {
  const directory = scratchDirectory(store, "");
  for (const name of await readdir(directory).catch(() => [])) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => null);
    const old = found !== null && found.mtimeMs < before.getTime();
    const dead = isTagOfDead(/^verify-(\w+-\d+-\d+)/.exec(name)?.[1] ?? "");
    if (name.startsWith("create-") || old || dead) await rm(path, { recursive: true, force: true });
  }
}
