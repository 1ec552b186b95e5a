// Hashed character n-grams: turns a text into a fixed-length vector, without a vocabulary.
// Training and serving share this file, so both see the same numbers for the same text.

/** How texts become feature vectors; a model states the values it was trained with. */
export interface NgramParameters {
  /** Length of the feature vector: a power of two, 256 to 65,536. */
  dimensions: number;
  /** Length of the shortest n-gram, in UTF-16 code units: 1 or more. */
  shortest: number;
  /** Length of the longest n-gram, in UTF-16 code units: at most 8. */
  longest: number;
  /** How much of a normalised text is read, in UTF-16 code units. */
  maximumLength: number;
}

/** Sparse features of one text: `indices[i]` (0 to dimensions - 1) holds `values[i]`. */
export interface SparseFeatures {
  indices: Uint16Array;
  values: Float32Array;
}

const boundary = 0x20;
const fnvOffsetBasis = 0x811c9dc5;
const fnvPrime = 0x01000193;

const addressPattern = /\b(?:https?|ftp):\/\/\S+|\bwww\.\S+|\S+@\S+\.\S+/g;
// Vowel points are optional in Hebrew and Arabic: a text means the same with and without.
const vowelPointPattern = /[\u0591-\u05bd\u05bf-\u05c7\u064b-\u0652\u0670]/g;

/** One byte for each UTF-16 code unit: 1 where the unit is a letter or a combining mark. */
const isLetter = letterTable();

function letterTable(): Uint8Array {
  const table = new Uint8Array(0x10000);
  const letterOrMark = /[\p{L}\p{M}]/u;
  for (let unit = 0; unit < 0xd800; unit += 1) {
    if (letterOrMark.test(String.fromCharCode(unit))) table[unit] = 1;
  }
  for (let unit = 0xf900; unit < 0x10000; unit += 1) {
    if (letterOrMark.test(String.fromCharCode(unit))) table[unit] = 1;
  }
  return table;
}

/**
 * Brings a text to the form whose n-grams are counted: composed (NFC) lower-case words, each
 * parted from the next by one space, with a space before the first and after the last. Digits,
 * punctuation, addresses and symbols part words and count for nothing; so do characters beyond
 * the Basic Multilingual Plane. A text without letters becomes the empty string.
 */
export function normalizeText(text: string, maximumLength: number): string {
  // A cut may part a letter from its marks, so it comes after composing, and reads some more.
  const composed = text
    .slice(0, maximumLength * 4)
    .normalize("NFC")
    .slice(0, maximumLength);
  // Lower-casing can decompose (İ), hence the second composition.
  const lower = composed.toLowerCase().normalize("NFC");
  const plain = lower.replace(addressPattern, " ").replace(vowelPointPattern, "");
  let words = "";
  let start = -1;
  for (let index = 0; index <= plain.length; index += 1) {
    const inWord = index < plain.length && isLetter[plain.charCodeAt(index)] === 1;
    if (inWord && start < 0) start = index;
    if (!inWord && start >= 0) {
      words += ` ${plain.slice(start, index)}`;
      start = -1;
    }
  }
  return words === "" ? "" : `${words} `;
}

/** Refuses parameters that the hash or the sparse index type cannot serve. */
function checkParameters(parameters: NgramParameters): void {
  const { dimensions, shortest, longest, maximumLength } = parameters;
  const powerOfTwo = Number.isInteger(dimensions) && (dimensions & (dimensions - 1)) === 0;
  if (!powerOfTwo || dimensions < 256 || dimensions > 65_536) {
    throw new RangeError(`dimensions: a power of two, 256 to 65536, not ${dimensions}`);
  }
  if (!(shortest >= 1 && longest >= shortest && longest <= 8)) {
    throw new RangeError(`n-gram lengths: 1 to 8, not ${shortest} to ${longest}`);
  }
  if (!(maximumLength >= 1)) throw new RangeError(`maximumLength: 1 or more, not ${maximumLength}`);
}

/** Counts n-grams into vectors; it keeps scratch memory, so make one and use it many times. */
export class CharacterNgrams {
  readonly parameters: NgramParameters;
  private readonly counts: Float32Array;
  private readonly touched: Uint16Array;

  constructor(parameters: NgramParameters) {
    checkParameters(parameters);
    this.parameters = { ...parameters };
    this.counts = new Float32Array(parameters.dimensions);
    this.touched = new Uint16Array(parameters.dimensions);
  }

  /** The features of a text as index and value pairs, of norm 1 (or none, without letters). */
  sparse(text: string): SparseFeatures {
    const size = this.count(normalizeText(text, this.parameters.maximumLength));
    const indices = this.touched.slice(0, size);
    const values = new Float32Array(size);
    const scale = this.weigh(size);
    for (let position = 0; position < size; position += 1) {
      const index = indices[position] ?? 0;
      values[position] = (this.counts[index] ?? 0) * scale;
      this.counts[index] = 0;
    }
    return { indices, values };
  }

  /**
   * The features of texts as one row-major matrix of shape [texts.length, dimensions]. Each row
   * has Euclidean norm 1, or 0 when its text holds no letter.
   */
  dense(texts: readonly string[]): Float32Array {
    const { dimensions, maximumLength } = this.parameters;
    const matrix = new Float32Array(texts.length * dimensions);
    for (const [row, text] of texts.entries()) {
      const size = this.count(normalizeText(text, maximumLength));
      const scale = this.weigh(size);
      for (let position = 0; position < size; position += 1) {
        const index = this.touched[position] ?? 0;
        matrix[row * dimensions + index] = (this.counts[index] ?? 0) * scale;
        this.counts[index] = 0;
      }
    }
    return matrix;
  }

  /**
   * Counts the n-grams of each word with its boundary marks and returns how many buckets were
   * touched. The bucket is FNV-1a (32 bits, over the two bytes of each code unit, low byte first;
   * Fowler, Noll, Vo, RFC 9923) xor-folded to 16 bits and masked to the vector's length.
   */
  private count(words: string): number {
    const { dimensions, shortest, longest } = this.parameters;
    const { counts, touched } = this;
    const mask = dimensions - 1;
    let size = 0;
    for (let start = 0; start < words.length; start += 1) {
      let hash = fnvOffsetBasis;
      const end = Math.min(start + longest, words.length);
      for (let position = start; position < end; position += 1) {
        const unit = words.charCodeAt(position);
        hash = Math.imul(hash ^ (unit & 0xff), fnvPrime);
        hash = Math.imul(hash ^ (unit >>> 8), fnvPrime);
        const length = position - start + 1;
        // A gram of the mark alone says nothing; one that ends in a mark ends its word.
        if (length >= shortest && !(length === 1 && unit === boundary)) {
          const bucket = ((hash >>> 16) ^ hash) & mask;
          if (counts[bucket] === 0) {
            touched[size] = bucket;
            size += 1;
          }
          counts[bucket] = (counts[bucket] ?? 0) + 1;
        }
        if (unit === boundary && position > start) break;
      }
    }
    return size;
  }

  /** Replaces counts by 1 + ln(count), sub-linear; returns the factor that makes the norm 1. */
  private weigh(size: number): number {
    let squares = 0;
    for (let position = 0; position < size; position += 1) {
      const index = this.touched[position] ?? 0;
      const weight = 1 + Math.log(this.counts[index] ?? 1);
      this.counts[index] = weight;
      squares += weight * weight;
    }
    return squares === 0 ? 0 : 1 / Math.sqrt(squares);
  }
}
