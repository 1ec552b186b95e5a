/** Bytes of a SHA-256. */
const hashBytes = 32;

/**
 * A set of SHA-256 hashes that several threads read at once: an open-addressed table in shared
 * memory, filled once before it is shared. A hash needs no hashing, its first bytes are its slot.
 */
export class HashSet {
  readonly memory: SharedArrayBuffer;
  readonly #bytes: Buffer;
  readonly #slots: number;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.#bytes = Buffer.from(memory);
    this.#slots = memory.byteLength / hashBytes;
  }

  /** Memory for as many hashes, at most half full. The hash of all zeros cannot be a member. */
  static allocate(count: number): SharedArrayBuffer {
    return new SharedArrayBuffer(hashBytes * 2 ** Math.ceil(Math.log2(2 * count + 2)));
  }

  add(hash: Buffer): void {
    const at = this.#find(hash);
    hash.copy(this.#bytes, at * hashBytes, 0, hashBytes);
  }

  has(hash: Buffer): boolean {
    return !this.#isFree(this.#find(hash));
  }

  /** The slot of a hash, or the free one where it would be. */
  #find(hash: Buffer): number {
    const mask = this.#slots - 1;
    let slot = hash.readUInt32LE(0) & mask;
    while (!this.#isFree(slot) && !this.#holds(slot, hash)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number, hash: Buffer): boolean {
    return this.#bytes.compare(hash, 0, hashBytes, slot * hashBytes, (slot + 1) * hashBytes) === 0;
  }

  #isFree(slot: number): boolean {
    const start = slot * hashBytes;
    for (let at = start; at < start + hashBytes; at += 4) {
      if (this.#bytes.readUInt32LE(at) !== 0) return false;
    }
    return true;
  }
}
