// A table of vectors, one for each token; a text is the mean of its tokens. Trained so that the two
// texts of a pair are nearer to one another than to the other pairs of a batch: InfoNCE with the
// batch's other texts as negatives (van den Oord et al. 2018, arXiv:1807.03748), in both directions,
// at several lengths of the vector (Kusupati et al. 2022, arXiv:2205.13147); Adagrad.

export interface TokenPair {
  one: Uint16Array;
  other: Uint16Array;
}

/** The inverse of the temperature. */
const scale = 20;

export class TokenVectors {
  readonly width: number;
  /** Row-major, shape [tokens, width]. */
  readonly table: Float32Array;
  private readonly squares: Float32Array;

  constructor(tokens: number, width: number, random: () => number) {
    this.width = width;
    this.table = Float32Array.from({ length: tokens * width }, () => (random() - 0.5) * 0.2);
    this.squares = new Float32Array(tokens * width).fill(1e-6);
  }

  /** One step on the first `length` values of each vector; returns the mean loss. */
  step(batch: readonly TokenPair[], rate: number, length: number): number {
    const ones = this.embed(
      batch.map(({ one }) => one),
      length,
    );
    const others = this.embed(
      batch.map(({ other }) => other),
      length,
    );
    const { loss, slopes } = compare(ones.rows, others.rows, batch.length, length);
    const towards = { ones: product(slopes, others.rows, batch.length, length, false) };
    const back = product(slopes, ones.rows, batch.length, length, true);
    for (const [index, { one, other }] of batch.entries()) {
      this.update(one, ones, towards.ones, index, rate, length);
      this.update(other, others, back, index, rate, length);
    }
    return loss;
  }

  /** The vectors of texts, of norm 1 and cut to `length` values, row-major. */
  rows(texts: readonly Uint16Array[], length: number): Float32Array {
    return this.embed(texts, length).rows;
  }

  private embed(texts: readonly Uint16Array[], length: number): Embedded {
    const rows = new Float32Array(texts.length * length);
    const norms = new Float32Array(texts.length);
    for (const [index, tokens] of texts.entries()) {
      const row = rows.subarray(index * length, (index + 1) * length);
      for (const token of tokens) {
        const start = token * this.width;
        for (let at = 0; at < length; at += 1) row[at]! += this.table[start + at]!;
      }
      let squares = 0;
      for (let at = 0; at < length; at += 1) squares += row[at]! * row[at]!;
      const norm = Math.sqrt(squares) + 1e-9;
      for (let at = 0; at < length; at += 1) row[at]! /= norm;
      norms[index] = norm;
    }
    return { rows, norms };
  }

  /** Passes the slope of a text through its scaling to norm 1 on to the vectors of its tokens. */
  private update(
    tokens: Uint16Array,
    { rows, norms }: Embedded,
    slopes: Float32Array,
    index: number,
    rate: number,
    length: number,
  ): void {
    const row = rows.subarray(index * length, (index + 1) * length);
    const slope = slopes.subarray(index * length, (index + 1) * length);
    let along = 0;
    for (let at = 0; at < length; at += 1) along += row[at]! * slope[at]!;
    const norm = norms[index]!;
    for (let at = 0; at < length; at += 1) slope[at] = (slope[at]! - row[at]! * along) / norm;
    for (const token of tokens) {
      const start = token * this.width;
      for (let at = 0; at < length; at += 1) {
        const value = slope[at]!;
        this.squares[start + at]! += value * value;
        this.table[start + at]! -= (rate * value) / Math.sqrt(this.squares[start + at]!);
      }
    }
  }
}

interface Embedded {
  /** Of norm 1, row-major. */
  rows: Float32Array;
  norms: Float32Array;
}

/** The loss, and its slope for each pair of rows, shape [size, size]. */
function compare(
  ones: Float32Array,
  others: Float32Array,
  size: number,
  length: number,
): { loss: number; slopes: Float32Array } {
  const weights = new Float32Array(size * size);
  const columns = new Float32Array(size);
  const lines = new Float32Array(size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      let dot = 0;
      for (let at = 0; at < length; at += 1)
        dot += ones[i * length + at]! * others[j * length + at]!;
      // Cosines are at most 1: no exponent overflows.
      const weight = Math.exp(scale * (dot - 1));
      weights[i * size + j] = weight;
      lines[i]! += weight;
      columns[j]! += weight;
    }
  }
  let loss = 0;
  for (let i = 0; i < size; i += 1) {
    const own = weights[i * size + i]!;
    loss -= Math.log(own / lines[i]!) + Math.log(own / columns[i]!);
  }
  const factor = scale / (2 * size);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const weight = weights[i * size + j]!;
      const target = i === j ? 2 : 0;
      weights[i * size + j] = factor * (weight / lines[i]! + weight / columns[j]! - target);
    }
  }
  return { loss: loss / (2 * size), slopes: weights };
}

/** `matrix · rows`, or with `turned` the transpose of `matrix` times `rows`. */
function product(
  matrix: Float32Array,
  rows: Float32Array,
  size: number,
  length: number,
  turned: boolean,
): Float32Array {
  const result = new Float32Array(size * length);
  for (let i = 0; i < size; i += 1) {
    for (let j = 0; j < size; j += 1) {
      const weight = turned ? matrix[j * size + i]! : matrix[i * size + j]!;
      if (Math.abs(weight) < 1e-7) continue;
      for (let at = 0; at < length; at += 1) {
        result[i * length + at]! += weight * rows[j * length + at]!;
      }
    }
  }
  return result;
}
