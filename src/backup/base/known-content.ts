import type { FileEntry } from "../format/entry.ts";
import { HashSet, hashWordsOf } from "../pack/hash-set.ts";
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

  /** Tables of the hashes of whole files and of chunks, for other threads to look up. */
  share(): { files: SharedArrayBuffer; chunks: SharedArrayBuffer } {
    const files = new HashSet(HashSet.allocate(this.#count((base) => base.paths.length)));
    const chunks = new HashSet(HashSet.allocate(this.#count((base) => base.objects.length)));
    const columns = new Map(this.#bases.map(({ base }) => [base, hashWordsOf(base.hashes)]));
    this.#eachFile((base, index) => files.add(columns.get(base) as Uint32Array, index));
    for (const content of this.#chunkMap().keys())
      chunks.add(hashWordsOf(Buffer.from(content, "hex")), 0);
    return { files: files.memory, chunks: chunks.memory };
  }

  /** Where the content of a file with this SHA-256 is; undefined where it is not known. */
  placeOf(sha256: string): FileEntry["place"] | undefined {
    const found = this.#fileMap().get(sha256);
    if (found === undefined) return undefined;
    const place = placeOf(found.base, found.index);
    // The attributes of the path that has the content now are its own.
    return place?.kind === "member" ? { ...place, stale: true } : place;
  }

  /** The object with the content of a chunk. */
  objectOf(content: string): string | undefined {
    return this.#chunkMap().get(content);
  }

  #count(of: (base: Base) => number): number {
    return this.#bases.reduce((sum, { base }) => sum + of(base), 0);
  }

  /** Files whose content may be referred to as a whole. */
  #eachFile(visit: (base: Base, index: number) => void): void {
    for (const { base, usable } of this.#bases) {
      for (let index = 0; index < base.paths.length; index += 1) {
        const number = base.small[4 * index + 3] ?? noObject;
        if (number !== noObject && usable[number] === true) visit(base, index);
      }
    }
  }

  #fileMap(): Map<string, { base: Base; index: number }> {
    if (this.#files !== null) return this.#files;
    const files = new Map<string, { base: Base; index: number }>();
    this.#eachFile((base, index) => {
      files.set(base.hashes.toString("hex", 32 * index, 32 * index + 32), { base, index });
    });
    this.#files = files;
    return files;
  }

  #chunkMap(): Map<string, string> {
    if (this.#chunks !== null) return this.#chunks;
    const chunks = new Map<string, string>();
    for (const { base, usable } of this.#bases) {
      for (const [number, { content, sha256 }] of base.objects.entries()) {
        if (content !== null && usable[number] === true) chunks.set(content, sha256);
      }
    }
    this.#chunks = chunks;
    return chunks;
  }
}
