import { rm } from "node:fs/promises";
import { join } from "node:path";
import { usageError } from "../../errors.ts";
import type { KnownObject } from "../base/base.ts";
import { nextBase } from "../base/next-base.ts";
import { forgetDamaged, listDamaged } from "../damaged-objects.ts";
import { isFull, repositoryFailure } from "../failures.ts";
import { snapshotFolder, snapshotKey } from "../format/layout.ts";
import { type RepositoryLock, withLock } from "../lock.ts";
import { type Clock, type RepositoryConfig, prepareRepository } from "../open-repository.ts";
import type { ProgressListener } from "../pace.ts";
import { renewObjects } from "../renew-objects.ts";
import { pathsToAvoid } from "../sources/paths-to-avoid.ts";
import { keepNurserySmall } from "../../small-nursery.ts";
import type { Source } from "../sources/source.ts";
import type { Store } from "../store/store.ts";
import { listObjects } from "../stored-objects.ts";
import { type SnapshotSummary, summarise } from "../summary.ts";
import { removeLeftovers, scratchFolder } from "../unfinished.ts";
import { Bases } from "./bases.ts";
import { commitSnapshot } from "./commit-snapshot.ts";
import { ObjectSink } from "./object-sink.ts";
import type { SnapshotNotes } from "./snapshot-notes.ts";
import { writeContent } from "./write-content.ts";

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
  /** Bytes of new content from which on threads are started; by default those worth it. */
  worthThreads?: number | undefined;
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
  keepNurserySmall();
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
  const damaged = await listDamaged(store);
  // What is damaged counts as lost.
  for (const sha256 of damaged) there.delete(sha256);
  const bases = new Bases({ store, config, directory, set: `${environment} ${set}` });
  const { own, others } =
    options.full === true ? { own: null, others: [] } : await bases.load(there);
  const scratch = scratchFolder(options.workDirectory, config.id);
  await rm(scratch, { recursive: true, force: true });
  const encrypted = config.recipients.length > 0;
  const sink = new ObjectSink(store, encrypted, there);
  try {
    const content = await writeContent({
      sink,
      requestsAtOnce: store.requestsAtOnce,
      sources: options.sources,
      recipients: config.recipients,
      level: options.level ?? 1,
      worthThreads: options.worthThreads,
      scratch,
      avoid: await pathsToAvoid({ ...options, repository: store.localDirectory }),
      own,
      others,
      there,
      now: options.now().getTime(),
      signal,
      onProgress: options.onProgress,
    });
    await renewObjects(store, content.objects, sink.added, encrypted);
    const commit = await commitSnapshot(options, config.recipients, content, lock);
    const isNew = ({ sha256 }: KnownObject): boolean => damaged.has(sha256);
    await forgetDamaged(
      store,
      content.objects.filter(isNew).map(({ sha256 }) => sha256),
    );
    const base = own?.base ?? null;
    if (options.transient !== true) {
      bases.save(nextBase({ ...content, snapshot: id, commit: commit.checksum, base }));
    }
    const snapshot = summarise(commit, { at: commit.created, ok: true }, null);
    const added = { objects: sink.added.size, bytes: sink.addedBytes };
    return { snapshot, ...content.notes, added, attributes: content.attributes };
  } catch (error) {
    if (isFull(error)) await giveBack(store, id, sink, lock).catch(() => undefined);
    throw error;
  } finally {
    // A snapshot that was made is not called a failure for what the next run removes.
    await rm(scratch, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** A disk that is full must not stay so because of a snapshot that does not exist. */
async function giveBack(
  store: Store,
  id: string,
  sink: ObjectSink,
  lock: RepositoryLock,
): Promise<void> {
  // Another run that took the repository over may count on what is there.
  await lock.assertHeld();
  for await (const { key } of store.list(snapshotFolder(id))) await store.remove(key);
  for (const key of sink.added.values()) await store.remove(key);
  await store.sync();
}
