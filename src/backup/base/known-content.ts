import type { FileEntry } from "../format/entry.ts";
import { type SharedHashes, shareHashes, sharedWordsOf } from "../pack/hash-set.ts";
import { type Base, noObject, placeOf } from "./base.ts";

/** A base, and which of its objects may be referred to. */
export interface UsableBase {
  base: Base;
  usable: readonly boolean[];
}

/** Content that the repository has, whatever the path it had. */
export class KnownContent {
  readonly #bases: readonly UsableBase[];
  #files: Map<string, { base: Base; index: number }> | null = null;
  #chunks: Map<string, string> | null = null;

  constructor(bases: readonly UsableBase[]) {
    this.#bases = bases;
  }

  /** The hashes of whole files and the keys of chunks, for other threads to look up. */
  share(): { files: SharedHashes[]; chunks: SharedHashes[] } {
    const files = this.#bases.map((one) =>
      shareHashes(sharedWordsOf(one.base.hashes), filesOf(one)),
    );
    const keys = [...this.#chunkMap().keys()];
    const column = sharedWordsOf(Buffer.from(keys.join(""), "hex"));
    return { files, chunks: [shareHashes(column, Uint32Array.from(keys.keys()))] };
  }

  /** Where the content of a file with this SHA-256 is; undefined where it is not known. */
  placeOf(sha256: string): FileEntry["place"] | undefined {
    const found = this.#fileMap().get(sha256);
    if (found === undefined) return undefined;
    const place = placeOf(found.base, found.index);
    // The attributes of the path that has the content now are its own.
    return place?.kind === "member" ? { ...place, stale: true } : place;
  }

  /** The object of a chunk. */
  objectOf(key: string): string | undefined {
    return this.#chunkMap().get(key);
  }

  #fileMap(): Map<string, { base: Base; index: number }> {
    if (this.#files !== null) return this.#files;
    const files = new Map<string, { base: Base; index: number }>();
    for (const one of this.#bases) {
      const { base } = one;
      for (const index of filesOf(one)) {
        files.set(base.hashes.toString("hex", 32 * index, 32 * index + 32), { base, index });
      }
    }
    this.#files = files;
    return files;
  }

  #chunkMap(): Map<string, string> {
    if (this.#chunks !== null) return this.#chunks;
    const chunks = new Map<string, string>();
    for (const { base, usable } of this.#bases) {
      for (const [number, { key, sha256 }] of base.objects.entries()) {
        if (key !== null && usable[number] === true) chunks.set(key, sha256);
      }
    }
    this.#chunks = chunks;
    return chunks;
  }
}

/** The entries that are files whose content may be referred to as a whole. */
function filesOf({ base, usable }: UsableBase): Uint32Array {
  const count = base.paths.length;
  const indices = new Uint32Array(count);
  let found = 0;
  for (let index = 0; index < count; index += 1) {
    const number = base.small[4 * index + 3] ?? noObject;
    if (number === noObject || usable[number] !== true) continue;
    indices[found] = index;
    found += 1;
  }
  return indices.subarray(0, found);
}
