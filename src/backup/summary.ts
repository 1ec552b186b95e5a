import { identifierTime, isIdentifier } from "../identifier.ts";
import { reasonOf } from "../errors.ts";
import type { Commit, SnapshotCounts } from "./commit.ts";
import { decodeCommit } from "./commit.ts";
import { unknownSnapshot } from "./failures.ts";
import { isRecord } from "./json-record.ts";
import { checkFormat, openStore, snapshotKey, snapshotsFolder, trashFolder } from "./repository.ts";
import type { RepositoryLocation } from "./repository.ts";
import type { Store } from "./store.ts";

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
  counts: SnapshotCounts;
  databases: string[];
  verification: VerificationSummary | null;
  /** Why the snapshot's own record cannot be trusted; its other fields are then empty. */
  damaged: string | null;
}

const readers = 16;

/**
 * All snapshots of a repository, oldest first; none for a folder that is not there yet. Reads one
 * or two small objects per snapshot. Leftovers of interrupted runs and what is in the trash do not
 * count; a snapshot whose COMMIT is damaged is listed with `damaged`.
 */
export async function listSnapshots(repository: RepositoryLocation): Promise<SnapshotSummary[]> {
  const store = openStore(repository);
  await checkFormat(store);
  const ids = await snapshotIds(store);
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
  repository: RepositoryLocation,
  environment: string,
): Promise<SnapshotSummary | null> {
  const store = openStore(repository);
  await checkFormat(store);
  for (const id of (await snapshotIds(store)).toReversed()) {
    const summary = await readSummary(store, id);
    if (summary?.environment === environment && summary.damaged === null) return summary;
  }
  return null;
}

async function snapshotIds(store: Store): Promise<string[]> {
  const trash = new Set(await store.list(trashFolder));
  const names = await store.list(snapshotsFolder);
  return names.filter((id) => isIdentifier(id) && !trash.has(`${id}.json`)).sort();
}

async function readSummary(store: Store, id: string): Promise<SnapshotSummary | null> {
  const bytes = await store.get(snapshotKey(id, "COMMIT"));
  if (bytes === null) return null;
  try {
    const commit = decodeCommit(bytes, id);
    return summarise(commit, await readVerification(store, commit));
  } catch (error) {
    return damagedSummary(id, reasonOf(error));
  }
}

/** The commit of a snapshot that exists; an unknown id is a usage error. */
export async function loadCommit(store: Store, id: string): Promise<Commit> {
  await checkFormat(store);
  const bytes = await store.get(snapshotKey(id, "COMMIT"));
  if (bytes === null) throw unknownSnapshot(id, store.location);
  return decodeCommit(bytes, id);
}

export function summarise(
  commit: Commit,
  verification: VerificationSummary | null,
): SnapshotSummary {
  const { format: _format, checksum: _checksum, objects: _objects, ...fields } = commit;
  return { ...fields, verification, damaged: null };
}

/** The last verification, unless it was of something else than this very commit. */
async function readVerification(store: Store, commit: Commit): Promise<VerificationSummary | null> {
  const bytes = await store.get(snapshotKey(commit.id, "verified.json"));
  if (bytes === null) return null;
  try {
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    if (!isRecord(value) || value["commit"] !== commit.checksum) return null;
    if (typeof value["at"] !== "string" || typeof value["ok"] !== "boolean") return null;
    return { at: value["at"], ok: value["ok"] };
  } catch {
    return null;
  }
}

function damagedSummary(id: string, reason: string): SnapshotSummary {
  const counts = { files: 0, directories: 0, links: 0, bytes: 0, storedBytes: 0, skipped: 0 };
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
    counts,
    databases: [],
    verification: null,
    damaged: reason,
  };
}
