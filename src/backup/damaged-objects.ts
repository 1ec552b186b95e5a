import { damagedFolder, damagedKey } from "./format/layout.ts";
import type { Store } from "./store/store.ts";

/**
 * Objects that a verification found damaged, by their SHA-256. Each is an empty file of its own in
 * the repository: no later snapshot refers to such an object, and content that is still where it
 * was backed up from is stored anew.
 */
export async function listDamaged(store: Store): Promise<Set<string>> {
  const damaged = new Set<string>();
  for await (const { key } of store.list(damagedFolder)) {
    damaged.add(key.slice(damagedFolder.length));
  }
  return damaged;
}

/** Notes what is damaged, as far as the repository can be written to. */
export async function noteDamaged(store: Store, objects: Iterable<string>): Promise<void> {
  for (const sha256 of objects) {
    await store.put(damagedKey(sha256), Buffer.alloc(0)).catch(() => undefined);
  }
}

/** Takes the notes back of objects that are sound again, or gone. */
export async function forgetDamaged(store: Store, objects: Iterable<string>): Promise<void> {
  for (const sha256 of objects) {
    await store.remove(damagedKey(sha256)).catch(() => undefined);
  }
}
