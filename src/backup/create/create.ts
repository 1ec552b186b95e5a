import { hash } from "node:crypto";
import { realpath, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { usageError } from "../../errors.ts";
import { nextBase } from "../base/next-base.ts";
import { repositoryFailure } from "../failures.ts";
import { type Commit, encodeCommit } from "../format/commit.ts";
import { snapshotKey } from "../format/layout.ts";
import { encodeManifest } from "../format/manifest.ts";
import { encodeObjectList } from "../format/object-list.ts";
import { type RepositoryLock, withLock } from "../lock.ts";
import { type Clock, type RepositoryConfig, prepareRepository } from "../open-repository.ts";
import type { ProgressListener } from "../pace.ts";
import { sealText } from "../sealed-text.ts";
import type { Source } from "../sources/source.ts";
import type { Store } from "../store/store.ts";
import { listObjects } from "../stored-objects.ts";
import { type SnapshotSummary, summarise } from "../summary.ts";
import { removeLeftovers, scratchFolder } from "../unfinished.ts";
import { Bases } from "./bases.ts";
import { countItems } from "./count.ts";
import { readBack } from "./object-sink.ts";
import type { SnapshotNotes } from "./snapshot-notes.ts";
import { type WrittenContent, writeContent } from "./write-content.ts";

export interface CreateOptions {
  store: Store;
  id: string;
  set: string;
  name?: string | undefined;
  tags?: readonly string[] | undefined;
  environment: string;
  release: string | null;
  schemaHead: string | null;
  toolVersion: string;
  sources: readonly Source[];
  /** age recipients to encrypt to; none by default. */
  recipients?: readonly string[] | undefined;
  /** zstd level; 1 by default. */
  level?: number | undefined;
  /** Read every file again, whatever is known of it. */
  full?: boolean | undefined;
  /** What is stored is gone afterwards: nothing is remembered of it for the next run. */
  transient?: boolean | undefined;
  /** A folder of this machine that outlives the run: what is known of earlier snapshots, and copies. */
  workDirectory: string;
  /** Files for the repository that explain it and restore without studio: text by name. */
  guides: Readonly<Record<string, string>>;
  now: Clock;
  /** Milliseconds to wait for another run that uses the repository; none by default. */
  lockWait?: number | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

export interface SnapshotReport extends SnapshotNotes {
  snapshot: SnapshotSummary;
  /** What this run wrote, and read back; what it refers to was read back when it was written. */
  added: { objects: number; bytes: number };
  /** False where extended attributes cannot be read: the program getfattr is missing. */
  attributes: boolean;
}

/**
 * Stores a snapshot and reads back what it wrote. It exists once its COMMIT is written, as the last
 * file; whatever fails before leaves the repository as it was.
 */
export async function createSnapshot(options: CreateOptions): Promise<SnapshotReport> {
  const { store, id, now, lockWait: wait, signal } = options;
  try {
    const recipients = options.recipients ?? [];
    const config = await prepareRepository(store, { recipients, now, guides: options.guides });
    const purpose = `creating snapshot ${id}`;
    return await withLock({ store, purpose, now, wait, signal }, (lock) =>
      createUnderLock(options, config, lock),
    );
  } catch (error) {
    throw repositoryFailure(error, store.location);
  }
}

async function createUnderLock(
  options: CreateOptions,
  config: RepositoryConfig,
  lock: RepositoryLock,
): Promise<SnapshotReport> {
  const { store, id, signal, environment, set } = options;
  await removeLeftovers(store, options.now);
  if ((await store.get(snapshotKey(id, "COMMIT"))) !== null) {
    throw usageError(`There is a snapshot ${id} in ${store.location} already.`);
  }
  const directory = join(options.workDirectory, config.id);
  const there = await listObjects(store);
  const bases = new Bases({ store, config, directory, set: `${environment} ${set}`, there });
  const { own, others } = options.full === true ? { own: null, others: [] } : await bases.load();
  const scratch = scratchFolder(options.workDirectory, config.id);
  await rm(scratch, { recursive: true, force: true });
  try {
    const content = await writeContent({
      store,
      sources: options.sources,
      recipients: config.recipients,
      level: options.level ?? 1,
      scratch,
      avoid: await pathsToAvoid(options),
      own,
      others,
      there,
      now: options.now().getTime(),
      signal,
      onProgress: options.onProgress,
    });
    const commit = await commitSnapshot(options, config, content, lock);
    const base = own?.base ?? null;
    if (options.transient !== true) {
      bases.save(nextBase({ ...content, snapshot: id, commit: commit.checksum, base }));
    }
    const { addedObjects: objects, addedBytes: bytes } = content.sink;
    const snapshot = summarise(commit, { at: commit.created, ok: true });
    return {
      snapshot,
      ...content.notes,
      added: { objects, bytes },
      attributes: content.attributes,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function commitSnapshot(
  options: CreateOptions,
  { recipients }: RepositoryConfig,
  content: WrittenContent,
  lock: RepositoryLock,
): Promise<Commit> {
  const { store, id, signal } = options;
  const encrypted = recipients.length > 0;
  const { pages, databases, objects } = content;
  const text = encodeManifest({
    pages: pages.map(({ sha256, count }) => ({ sha256, entries: count })),
    databases,
  });
  const manifest = await sealText(text, recipients);
  const list = Buffer.from(encodeObjectList(objects, encrypted));
  await putAndReadBack(store, snapshotKey(id, "manifest.zst", encrypted), manifest);
  await putAndReadBack(store, snapshotKey(id, "objects"), list);
  const { commit, bytes } = encodeCommit({
    ...describe(options, content),
    encrypted,
    manifest: hash("sha256", manifest),
    objects: {
      sha256: hash("sha256", list),
      count: objects.length,
      bytes: objects.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    },
  });
  // All that the commit speaks of has to outlast a power cut before it does.
  await store.sync();
  await lock.assertHeld();
  signal?.throwIfAborted();
  await putAndReadBack(store, snapshotKey(id, "COMMIT"), bytes);
  await store.sync();
  return commit;
}

async function putAndReadBack(store: Store, key: string, bytes: Buffer): Promise<void> {
  await store.put(key, bytes);
  await readBack(store, key, hash("sha256", bytes));
}

type Description = Omit<Commit, "format" | "checksum" | "encrypted" | "manifest" | "objects">;

function describe(options: CreateOptions, content: WrittenContent): Description {
  const { id, set, environment, release, schemaHead, toolVersion } = options;
  const { items, objects, sink, notes, databases } = content;
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
    counts: {
      ...countItems(items, content.base),
      storedBytes: objects.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
      addedBytes: sink.addedBytes,
      skipped: notes.skipped.length,
    },
    databases: databases.map(({ label }) => label),
  };
}

/** The repository never backs itself up, and only its own source reads a database. */
async function pathsToAvoid(options: CreateOptions): Promise<Set<string>> {
  const paths = [options.workDirectory, ...options.sources.flatMap((source) => source.owns)];
  if (options.store.localDirectory !== null) paths.push(options.store.localDirectory);
  const avoid = new Set<string>();
  for (const path of paths) {
    const folder = await realpath(dirname(path)).catch(() => dirname(path));
    avoid.add(join(folder, basename(path)));
    avoid.add(await realpath(path).catch(() => path));
  }
  return avoid;
}
