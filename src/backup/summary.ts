import { identifierTime, isIdentifier } from "../identifier.ts";
import { reasonOf } from "../errors.ts";
import { type DrillSummary, readDrill } from "./drill/drill-record.ts";
import { unknownSnapshot } from "./failures.ts";
import { type Commit, type SnapshotCounts, decodeCommit } from "./format/commit.ts";
import { snapshotKey, snapshotsFolder, trashFolder } from "./format/layout.ts";
import { isRecord } from "./format/record.ts";
import { readConfig } from "./open-repository.ts";
import type { Store } from "./store/store.ts";

export interface VerificationSummary {
  /** ISO 8601, UTC. */
  at: string;
  ok: boolean;
}

export interface SnapshotSummary {
  id: string;
  /** ISO 8601, UTC. */
  created: string;
  set: string;
  name: string | null;
  tags: string[];
  environment: string;
  release: string | null;
  schemaHead: string | null;
  toolVersion: string;
  encrypted: boolean;
  counts: SnapshotCounts;
  databases: string[];
  verification: VerificationSummary | null;
  /** The last time that it was restored to see whether it can be; null: never. */
  drill: DrillSummary | null;
  /** Why the snapshot's own record cannot be trusted; its other fields are then empty. */
  damaged: string | null;
}

const readers = 16;

/**
 * All snapshots of a repository, oldest first; none for a folder that is not there yet. Reads one
 * or two small objects per snapshot. Leftovers of interrupted runs and what is in the trash do not
 * count; a snapshot whose COMMIT is damaged is listed with `damaged`.
 */
export async function listSnapshots(store: Store): Promise<SnapshotSummary[]> {
  return readSummaries(store, await listedIds(store));
}

/** The same of these snapshots alone, also of those in the trash. */
export async function readSummaries(
  store: Store,
  ids: readonly string[],
): Promise<SnapshotSummary[]> {
  const summaries: SnapshotSummary[] = [];
  for (let start = 0; start < ids.length; start += readers) {
    const batch = ids.slice(start, start + readers);
    const found = await Promise.all(batch.map((id) => readSummary(store, id)));
    summaries.push(...found.filter((summary) => summary !== null));
  }
  return summaries;
}

/** The newest snapshot of an environment that can be relied on; reads as few as it must. */
export async function latestSnapshot(
  store: Store,
  environment: string,
): Promise<SnapshotSummary | null> {
  for (const id of (await listedIds(store)).toReversed()) {
    const summary = await readSummary(store, id);
    if (summary?.environment === environment && summary.damaged === null) return summary;
  }
  return null;
}

async function listedIds(store: Store): Promise<string[]> {
  await readConfig(store);
  const trash = await trashedIds(store);
  return (await committedIds(store)).filter((id) => !trash.has(id));
}

/** The ids of all snapshots that have a COMMIT, those in the trash included, oldest first. */
export async function committedIds(store: Store): Promise<string[]> {
  const ids: string[] = [];
  for await (const { key } of store.list(snapshotsFolder)) {
    const [id = "", file] = key.slice(snapshotsFolder.length).split("/");
    if (file === "COMMIT" && isIdentifier(id)) ids.push(id);
  }
  return ids.sort();
}

/** The ids of the snapshots that were given up and can still be brought back. */
async function trashedIds(store: Store): Promise<Set<string>> {
  const ids = new Set<string>();
  for await (const { key } of store.list(trashFolder)) {
    ids.add(key.slice(trashFolder.length).replace(/\.json$/, ""));
  }
  return ids;
}

async function readSummary(store: Store, id: string): Promise<SnapshotSummary | null> {
  const bytes = await store.get(snapshotKey(id, "COMMIT"));
  if (bytes === null) return null;
  try {
    return await summaryOf(store, decodeCommit(bytes, id));
  } catch (error) {
    return damagedSummary(id, reasonOf(error));
  }
}

/** What is listed of a snapshot, by its commit. */
export async function summaryOf(store: Store, commit: Commit): Promise<SnapshotSummary> {
  const verification = await readVerification(store, commit);
  return summarise(commit, verification, await readDrill(store, commit));
}

/** The commit of a snapshot that exists; an unknown id is a usage error. */
export async function loadCommit(store: Store, id: string): Promise<Commit> {
  await readConfig(store);
  const bytes = await store.get(snapshotKey(id, "COMMIT"));
  if (bytes === null) throw unknownSnapshot(id, store.location);
  return decodeCommit(bytes, id);
}

export function summarise(
  commit: Commit,
  verification: VerificationSummary | null,
  drill: DrillSummary | null,
): SnapshotSummary {
  const { format: _format, checksum: _checksum, objects: _objects, ...rest } = commit;
  const { manifest: _manifest, ...fields } = rest;
  return { ...fields, verification, drill, damaged: null };
}

/**
 * The last verification of this very commit. Without one, that of its making: a snapshot exists
 * once all it consists of was read back. Null where the note is damaged: it may have said no.
 */
async function readVerification(store: Store, commit: Commit): Promise<VerificationSummary | null> {
  const made = { at: commit.created, ok: true };
  const bytes = await store.get(snapshotKey(commit.id, "verified.json"));
  if (bytes === null) return made;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (!isRecord(value) || value["commit"] !== commit.checksum) return null;
    const { at, ok } = value;
    if (typeof at !== "string" || Number.isNaN(Date.parse(at)) || typeof ok !== "boolean") {
      return null;
    }
    return { at, ok };
  } catch {
    return null;
  }
}

function damagedSummary(id: string, reason: string): SnapshotSummary {
  const sizes = { bytes: 0, storedBytes: 0, addedBytes: 0 };
  const counts = { files: 0, directories: 0, links: 0, skipped: 0, ...sizes };
  return {
    id,
    created: identifierTime(id).toISOString(),
    set: "",
    name: null,
    tags: [],
    environment: "",
    release: null,
    schemaHead: null,
    toolVersion: "",
    encrypted: false,
    counts,
    databases: [],
    verification: null,
    drill: null,
    damaged: reason,
  };
}
