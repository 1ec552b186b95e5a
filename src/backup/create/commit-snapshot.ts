import { hash } from "node:crypto";
import { type Commit, encodeCommit } from "../format/commit.ts";
import { snapshotKey } from "../format/layout.ts";
import { encodeManifest } from "../format/manifest.ts";
import { encodeObjectList } from "../format/object-list.ts";
import type { RepositoryLock } from "../lock.ts";
import { sealText } from "../sealed-text.ts";
import { putVerified } from "../store/put-verified.ts";
import type { Store } from "../store/store.ts";
import { countItems } from "./count.ts";
import type { CreateOptions } from "./create.ts";
import type { WrittenContent } from "./write-content.ts";

export type CommitOptions = Pick<
  CreateOptions,
  | "store"
  | "id"
  | "set"
  | "name"
  | "tags"
  | "environment"
  | "release"
  | "schemaHead"
  | "toolVersion"
  | "now"
  | "signal"
>;

/** Writes the lists of a snapshot whose content is stored, and its COMMIT as the last file. */
export async function commitSnapshot(
  options: CommitOptions,
  recipients: readonly string[],
  content: WrittenContent,
  lock: RepositoryLock,
): Promise<Commit> {
  const { store, id, signal } = options;
  const encrypted = recipients.length > 0;
  const { pages, amendments, databases, objects } = content;
  const text = encodeManifest({
    pages: pages.map(({ sha256, count, amended }) => ({ sha256, entries: count, amended })),
    amendments: amendments.map(({ sha256, count }) => ({ sha256, entries: count })),
    databases,
  });
  const manifest = await sealText(text, recipients);
  const list = Buffer.from(encodeObjectList(objects, encrypted));
  await putVerified(store, snapshotKey(id, "manifest.zst", encrypted), manifest);
  await putVerified(store, snapshotKey(id, "objects"), list);
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
  await writeCommit(store, id, bytes);
  return commit;
}

/** Whoever is told that there is no snapshot must find none, and none that may be damaged. */
async function writeCommit(store: Store, id: string, bytes: Buffer): Promise<void> {
  const key = snapshotKey(id, "COMMIT");
  try {
    await putVerified(store, key, bytes);
    await store.sync();
  } catch (error) {
    await store.remove(key).catch(() => undefined);
    throw error;
  }
}

type Description = Omit<Commit, "format" | "checksum" | "encrypted" | "manifest" | "objects">;

function describe(options: CommitOptions, content: WrittenContent): Description {
  const { id, set, environment, release, schemaHead, toolVersion } = options;
  const { items, objects, addedBytes, notes, databases } = content;
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
      addedBytes,
      skipped: notes.skipped.length,
    },
    databases: databases.map(({ label }) => label),
  };
}
