/** Bytes of a SHA-256, and 32-bit words. */
const hashBytes = 32;
const hashWords = 8;

/**
 * A set of SHA-256 hashes that several threads read at once: an open-addressed table in shared
 * memory, filled once before it is shared. A hash needs no hashing, its first word is its slot.
 */
export class HashSet {
  readonly memory: SharedArrayBuffer;
  readonly #words: Uint32Array;
  readonly #slots: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#words = new Uint32Array(memory);
    this.#slots = memory.byteLength / hashBytes;
  }

  /** Memory for as many hashes, at most half full. */
  static allocate(count: number): SharedArrayBuffer {
    return new SharedArrayBuffer(hashBytes * 2 ** Math.ceil(Math.log2(2 * count + 2)));
  }

  /** Adds the hash at `index` of a column of them, as `hashWordsOf` reads it. */
  add(column: Uint32Array, index: number): void {
    const from = index * hashWords;
    const at = this.#find(column, from) * hashWords;
    for (let word = 0; word < hashWords; word += 1) {
      this.#words[at + word] = column[from + word] ?? 0;
    }
  }

  has(hash: Buffer): boolean {
    return !this.#isFree(this.#find(hashWordsOf(hash), 0));
  }

  /** The slot of a hash, or the free one where it would be. */
  #find(column: Uint32Array, from: number): number {
    const mask = this.#slots - 1;
    let slot = (column[from] ?? 0) & mask;
    while (!this.#isFree(slot) && !this.#holds(slot, column, from)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number, column: Uint32Array, from: number): boolean {
    const start = slot * hashWords;
    for (let word = 0; word < hashWords; word += 1) {
      if (this.#words[start + word] !== column[from + word]) return false;
    }
    return true;
  }

  /** Two words tell: a hash of which both are zero would only not be found. */
  #isFree(slot: number): boolean {
    const start = slot * hashWords;
    return this.#words[start] === 0 && this.#words[start + 1] === 0;
  }
}

/** Hashes that follow one another, as the words of this machine. */
export function hashWordsOf(hashes: Buffer): Uint32Array {
  const { buffer, byteOffset, length } = hashes;
  if (byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, length / 4);
  return new Uint32Array(Uint8Array.from(hashes).buffer);
}
