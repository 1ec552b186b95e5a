import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { isIdentifier } from "../identifier.ts";
import { snapshotsFolder } from "./format/layout.ts";
import { processTag, stateOfTag } from "./holder.ts";
import { withLock } from "./lock.ts";
import { type Clock, readConfig } from "./open-repository.ts";
import { removeUnlocked } from "./store/remove-unlocked.ts";
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
    // What is under object lock is no snapshot without its COMMIT, wherever it stays.
    for (const key of keys) await removeUnlocked(store, key);
  }
  await store.removeAbandoned(new Date(now().getTime() - abandonedAfter));
  return removed.map(([id]) => id);
}

/**
 * The same by itself, with the copies of databases that an interrupted run made.
 * @throws StudioError (exit 6) while another run writes: it waits for nobody
 */
export async function removeUnfinished(
  store: Store,
  now: Clock,
  workDirectory: string,
): Promise<string[]> {
  const { id } = (await readConfig(store)) ?? {};
  if (id === undefined) return [];
  return withLock({ store, purpose: "removing unfinished snapshots", now }, async () => {
    await rm(scratchFolder(workDirectory, id), { recursive: true, force: true });
    await removeOwnFolders(workDirectory);
    return removeLeftovers(store, now);
  });
}

/** Where a run that makes snapshots of a repository keeps copies of databases meanwhile. */
export function scratchFolder(workDirectory: string, repository: string): string {
  return join(workDirectory, repository, "scratch");
}

/** Where a verification unpacks databases: several may run at once. */
export function verifyFolder(workDirectory: string): string {
  return join(workDirectory, `verify-${processTag()}-${randomBytes(4).toString("hex")}`);
}

/** Where an import unpacks an archive. */
export function importFolder(workDirectory: string): string {
  return join(workDirectory, `import-${processTag()}-${randomBytes(4).toString("hex")}`);
}

async function removeOwnFolders(workDirectory: string): Promise<void> {
  for (const name of await readdir(workDirectory).catch(() => [])) {
    const tag = /^(?:verify|import)-(\w+-\d+-\d+)/.exec(name)?.[1];
    if (tag === undefined || stateOfTag(tag) !== "dead") continue;
    await rm(join(workDirectory, name), { recursive: true, force: true });
  }
}
