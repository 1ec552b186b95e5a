/** 32-bit words of a SHA-256. */
const hashWords = 8;

/**
 * A set of SHA-256 hashes that several threads read at once, as it goes from one to the other.
 */
export interface SharedHashes {
  /** The hashes, one after the other, as words of this machine. */
  column: Uint32Array;
  /**
   * An open-addressed table of places in the column, from 1 on; 0 is free. A hash needs no hashing:
   * its first word is its slot.
   */
  slots: Uint32Array;
}

/** Makes the set of the hashes of a column that stand at `indices`. The column is shared. */
export function shareHashes(column: Uint32Array, indices: Uint32Array): SharedHashes {
  const count = 2 ** Math.ceil(Math.log2(2 * indices.length + 2));
  const slots = new Uint32Array(new SharedArrayBuffer(4 * count));
  // One loop with hardly a call: it is run once, by a program that has not been warmed up.
  for (let next = 0; next < indices.length; next += 1) {
    const index = indices[next] ?? 0;
    const first = column[index * hashWords] ?? 0;
    let slot = first & (count - 1);
    for (let other = slots[slot] ?? 0; other !== 0; other = slots[slot] ?? 0) {
      const at = (other - 1) * hashWords;
      if (column[at] === first && isSame(column, at, column, index * hashWords)) break;
      slot = (slot + 1) & (count - 1);
    }
    slots[slot] = index + 1;
  }
  return { column, slots };
}

/** Looks hashes up in sets that were made elsewhere. */
export class HashSet {
  readonly #sets: readonly SharedHashes[];

  constructor(sets: readonly SharedHashes[]) {
    this.#sets = sets;
  }

  has(hash: Buffer): boolean {
    const words = hashWordsOf(hash);
    return this.#sets.some((set) => holds(set, words));
  }
}

function holds({ column, slots }: SharedHashes, words: Uint32Array): boolean {
  const mask = slots.length - 1;
  let slot = (words[0] ?? 0) & mask;
  for (let place = slots[slot] ?? 0; place !== 0; place = slots[slot] ?? 0) {
    if (isSame(column, (place - 1) * hashWords, words, 0)) return true;
    slot = (slot + 1) & mask;
  }
  return false;
}

function isSame(one: Uint32Array, at: number, other: Uint32Array, from: number): boolean {
  for (let word = 0; word < hashWords; word += 1) {
    if (one[at + word] !== other[from + word]) return false;
  }
  return true;
}

/** Hashes that follow one another, as the words of this machine. */
function hashWordsOf(hashes: Buffer): Uint32Array {
  const { buffer, byteOffset, length } = hashes;
  if (byteOffset % 4 === 0) return new Uint32Array(buffer, byteOffset, length / 4);
  return new Uint32Array(Uint8Array.from(hashes).buffer);
}

/** The same in memory that threads share. */
export function sharedWordsOf(hashes: Buffer): Uint32Array {
  const shared = new Uint8Array(new SharedArrayBuffer(hashes.length));
  shared.set(hashes);
  return new Uint32Array(shared.buffer);
}
