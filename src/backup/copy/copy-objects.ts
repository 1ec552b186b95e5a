import { forgetDamaged } from "../damaged-objects.ts";
import { type ObjectName, objectKey } from "../format/object.ts";
import { release } from "../format/release.ts";
import type { ProgressListener } from "../pace.ts";
import { forEachAtOnce } from "../parallel.ts";
import { renewObjects } from "../renew-objects.ts";
import type { Snapshot } from "../snapshot/open-snapshot.ts";
import { putVerified } from "../store/put-verified.ts";
import type { Store } from "../store/store.ts";

/** Objects under way at once: each takes up to some 16 MB of memory. */
const mostAtOnce = 4;

export interface ObjectsCopy {
  snapshot: Snapshot;
  /** Those that the snapshot needs. */
  objects: readonly ObjectName[];
  from: Store;
  to: Store;
  /** Bytes of the objects where they are copied from. */
  sizes: ReadonlyMap<string, number>;
  /** Bytes of those that are in the target; what is copied is added. */
  there: Map<string, number>;
  /** Objects that were found damaged in the target, and are not among those. */
  damaged: ReadonlySet<string>;
  signal?: AbortSignal | undefined;
  onProgress?: ProgressListener | undefined;
}

/**
 * Copies the stored bytes of the objects that are missing in the target, or have another length
 * there, and reads each back.
 */
export async function copyObjects(copy: ObjectsCopy): Promise<{ objects: number; bytes: number }> {
  const { sizes, there } = copy;
  const missing = copy.objects.filter(
    ({ sha256 }) => !there.has(sha256) || there.get(sha256) !== sizes.get(sha256),
  );
  const totalBytes = missing.reduce((sum, { sha256 }) => sum + (sizes.get(sha256) ?? 0), 0);
  const added = { objects: 0, bytes: 0 };
  const atOnce = Math.min(mostAtOnce, Math.max(copy.from.requestsAtOnce, copy.to.requestsAtOnce));
  await forEachAtOnce(missing, atOnce, async (object) => {
    copy.signal?.throwIfAborted();
    const length = await copyObject(copy, object);
    added.bytes += length;
    added.objects += 1;
    const { objects: members, bytes } = added;
    copy.onProgress?.({ phase: "store", members, bytes, totalBytes });
  });
  const copied = new Set(missing.map(({ sha256 }) => sha256));
  await renewObjects(copy.to, copy.objects, copied, copy.snapshot.commit.encrypted);
  return added;
}

async function copyObject(copy: ObjectsCopy, object: ObjectName): Promise<number> {
  const { snapshot, to, there, damaged } = copy;
  const key = objectKey(object, snapshot.commit.encrypted);
  const bytes = await snapshot.stored(object);
  const { length } = bytes;
  await putVerified(to, key, bytes);
  there.set(object.sha256, length);
  if (damaged.has(object.sha256)) await forgetDamaged(to, [object.sha256]);
  release(bytes);
  return length;
}
