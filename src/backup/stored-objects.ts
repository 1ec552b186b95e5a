import { objectOfKey, objectsFolder } from "./format/object.ts";
import type { Store } from "./store/store.ts";

/** Every object of a repository: its bytes by the SHA-256 that names it. */
export async function listObjects(store: Store): Promise<Map<string, number>> {
  const objects = new Map<string, number>();
  for await (const { key, size } of store.list(objectsFolder)) {
    const object = objectOfKey(key);
    if (object !== null) objects.set(object.sha256, size);
  }
  return objects;
}
