import { hash } from "node:crypto";
import type { FileEntry } from "../format/entry.ts";
import { type ObjectName, objectKey } from "../format/object.ts";
import type { Store } from "../store/store.ts";

export interface PlantedDamage {
  entry: FileEntry;
  object: ObjectName;
  /** The repository, but for one bit. */
  store: Store;
}

/** A store in which one bit of one object of a file is another; null for files without content. */
export function plantDamage(
  store: Store,
  entries: readonly FileEntry[],
  encrypted: boolean,
  seed: string,
): PlantedDamage | null {
  const stored = entries.filter(({ place }) => place !== null);
  const entry = stored[numberOf(seed) % Math.max(1, stored.length)];
  const object = entry === undefined ? null : objectOf(entry);
  if (entry === undefined || object === null) return null;
  const damagedKey = objectKey(object, encrypted);
  return {
    entry,
    object,
    store: {
      ...store,
      // Else it would be read from the disk, past this.
      localDirectory: null,
      async get(key) {
        const bytes = await store.get(key);
        if (bytes === null || key !== damagedKey) return bytes;
        const damaged = Buffer.from(bytes);
        const at = numberOf(`${seed} byte`) % damaged.length;
        damaged[at] = (damaged[at] ?? 0) ^ (1 << (numberOf(`${seed} bit`) % 8));
        return damaged;
      },
    },
  };
}

function objectOf({ place }: FileEntry): ObjectName | null {
  if (place === null) return null;
  if (place.kind === "member") return { kind: "segment", sha256: place.object };
  const [sha256] = place.objects;
  return sha256 === undefined ? null : { kind: "chunk", sha256 };
}

function numberOf(seed: string): number {
  return Number.parseInt(hash("sha256", seed).slice(0, 8), 16);
}
