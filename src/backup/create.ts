import { realpath, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { usageError } from "../errors.ts";
import { encodeCommit } from "./commit.ts";
import type { Commit, SnapshotCounts, StoredObject } from "./commit.ts";
import { repositoryFailure } from "./failures.ts";
import { withLock } from "./lock.ts";
import type { RepositoryLock } from "./lock.ts";
import type { ProgressListener } from "./pace.ts";
import { openStore, prepareRepository, scratchDirectory, snapshotKey } from "./repository.ts";
import type { Clock, RepositoryLocation } from "./repository.ts";
import { SegmentWriter } from "./segment-writer.ts";
import { SnapshotContent } from "./snapshot-content.ts";
import type { SkippedPath, Source, SourceContext } from "./source.ts";
import { storeMember } from "./store-member.ts";
import type { Store } from "./store.ts";
import { summarise } from "./summary.ts";
import type { SnapshotSummary } from "./summary.ts";
import { removeLeftovers } from "./unfinished.ts";
import { verifySnapshot } from "./verify.ts";
import type { VerifyReport } from "./verify.ts";

export interface CreateOptions {
  repository: RepositoryLocation;
  id: string;
  set: string;
  name?: string | undefined;
  tags?: readonly string[] | undefined;
  environment: string;
  release: string | null;
  schemaHead: string | null;
  toolVersion: string;
  sources: readonly Source[];
  now: Clock;
  /** Milliseconds to wait for another run that uses the repository; none by default. */
  lockWait?: number | undefined;
  /** Bytes of content after which the next archive is begun. */
  segmentBytes?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

interface CreateNotes {
  /** What should have been stored and could not be: the snapshot is incomplete. */
  skipped: SkippedPath[];
  /** What was gone when it was to be read: no fault of the snapshot. */
  vanished: string[];
  /** FIFOs, sockets and devices, which are never stored. */
  ignored: { path: string; kind: string }[];
  /** Symbolic links that patterns name: they are stored, what they point to is not. */
  links: { path: string; target: string }[];
}

export interface SnapshotReport extends CreateNotes {
  snapshot: SnapshotSummary;
  verification: VerifyReport;
}

const defaultSegmentBytes = 256 * 1024 * 1024;

/**
 * Stores a snapshot and reads it back. It exists once its COMMIT is written, as the last object;
 * whatever fails before leaves the repository as it was.
 */
export async function createSnapshot(options: CreateOptions): Promise<SnapshotReport> {
  const { id, now, signal, onProgress } = options;
  const folder = snapshotKey(id);
  const store = openStore(options.repository);
  try {
    await prepareRepository(store);
    const purpose = `creating snapshot ${id}`;
    const written = await withLock(
      { store, purpose, now, wait: options.lockWait, signal },
      (lock) => writeUnderLock(store, lock, folder, options),
    );
    const verification = await verifySnapshot({ repository: store, id, now, signal, onProgress });
    const { at, ok } = verification;
    return { snapshot: summarise(written.commit, { at, ok }), ...written.notes, verification };
  } catch (error) {
    throw repositoryFailure(error, store.location);
  }
}

interface Written {
  commit: Commit;
  notes: CreateNotes;
}

async function writeUnderLock(
  store: Store,
  lock: RepositoryLock,
  folder: string,
  options: CreateOptions,
): Promise<Written> {
  await removeLeftovers(store, options.now);
  if ((await store.list(folder)).length > 0) {
    throw usageError(`There is a snapshot ${options.id} in ${store.location} already.`);
  }
  const scratch = scratchDirectory(store, `create-${options.id}`);
  try {
    return await writeSnapshot(store, lock, scratch, options);
  } catch (error) {
    await store.removeFolder(folder).catch(() => undefined);
    throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function writeSnapshot(
  store: Store,
  lock: RepositoryLock,
  scratch: string,
  options: CreateOptions,
): Promise<Written> {
  const { id, sources, signal } = options;
  const notes: CreateNotes = { skipped: [], vanished: [], ignored: [], links: [] };
  const context: SourceContext = {
    scratch,
    avoid: await pathsToAvoid(store, sources),
    signal,
    skip: (path, reason) => notes.skipped.push({ path, reason }),
    vanish: (path) => notes.vanished.push(path),
    ignore: (path, kind) => notes.ignored.push({ path, kind }),
    link: (path, target) => notes.links.push({ path, target }),
  };
  const segmentBytes = options.segmentBytes ?? defaultSegmentBytes;
  const segments = new SegmentWriter({ store, id, segmentBytes, signal });
  const content = new SnapshotContent(options.onProgress);
  try {
    for (const source of sources) await storeSource(source, segments, content, context);
    await segments.finish();
  } catch (error) {
    await segments.abort();
    throw error;
  }
  const objects = [...segments.objects, ...(await content.store(store, id, segments))];
  const fields = commitFields(options, content, objects, notes);
  await lock.assertHeld();
  signal?.throwIfAborted();
  const { commit, bytes } = encodeCommit(fields);
  await store.put(snapshotKey(id, "COMMIT"), bytes);
  return { commit, notes };
}

async function storeSource(
  source: Source,
  segments: SegmentWriter,
  content: SnapshotContent,
  context: SourceContext,
): Promise<void> {
  for await (const member of source.members(context)) {
    if (content.has(member.path)) {
      // Patterns may name the same file twice; it is stored once.
      if (member.type !== "file" || member.database === undefined) continue;
      throw usageError(`Two databases of the set are called "${member.database.label}".`);
    }
    const entry = await storeMember(segments, member, context);
    if (entry !== null) content.add(entry);
  }
}

function commitFields(
  options: CreateOptions,
  content: SnapshotContent,
  objects: StoredObject[],
  notes: CreateNotes,
): Omit<Commit, "format" | "checksum"> {
  const { id, set, environment, release, schemaHead, toolVersion } = options;
  const storedBytes = objects.reduce((sum, object) => sum + object.size, 0);
  const skipped = notes.skipped.length;
  const counts: SnapshotCounts = { ...content.counts, storedBytes, skipped };
  return {
    id,
    created: options.now().toISOString(),
    set,
    name: options.name ?? null,
    tags: [...(options.tags ?? [])],
    environment,
    release,
    schemaHead,
    toolVersion,
    counts,
    databases: content.databases,
    objects,
  };
}

/** The repository never backs itself up, and only its own source reads a database. */
async function pathsToAvoid(store: Store, sources: readonly Source[]): Promise<Set<string>> {
  const paths = sources.flatMap((source) => source.owns);
  if (store.localDirectory !== null) paths.push(store.localDirectory);
  const avoid = new Set<string>();
  for (const path of paths) {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    avoid.add(join(folder, basename(path)));
    avoid.add(await realpath(path).catch(() => path));
  }
  return avoid;
}
