import { type ObjectName, objectKey } from "./format/object.ts";
import { forEachAtOnce } from "./parallel.ts";
import type { Store } from "./store/store.ts";

/**
 * What was stored for an earlier snapshot is to be protected for as long as the new one.
 * @param added SHA-256 of the objects that this run wrote
 */
export async function renewObjects(
  store: Store,
  objects: readonly ObjectName[],
  added: { has(sha256: string): boolean },
  encrypted: boolean,
): Promise<void> {
  if (store.renew === undefined) return;
  const earlier = objects.filter(({ sha256 }) => !added.has(sha256));
  await forEachAtOnce(earlier, store.requestsAtOnce, async (object) => {
    await store.renew?.(objectKey(object, encrypted));
  });
}
