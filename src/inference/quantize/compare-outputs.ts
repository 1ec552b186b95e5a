/** A tensor as a run gave it. */
export interface RunValue {
  type: string;
  dims: readonly number[];
  data: ArrayLike<number> | ArrayLike<bigint> | readonly string[];
}

/** How far one output of a model is from that of another, over all samples. */
export interface OutputDifference {
  output: string;
  /** The least of all samples; null for an output that holds no fractions. */
  cosine: number | null;
  /** The largest distance between two elements; null for an output that holds no fractions. */
  maximumDifference: number | null;
  /** The least share of elements that are the same; null for an output of fractions. */
  equal: number | null;
}

const fractions = ["float32", "float64", "float16"];

/**
 * @param before outputs by name, one record for each sample
 * @param after of the same samples, in the same order
 */
export function compareOutputs(
  before: readonly Record<string, RunValue>[],
  after: readonly Record<string, RunValue>[],
): OutputDifference[] {
  return Object.entries(before[0] ?? {}).map(([output, { type }]) => {
    const pairs = before.map(
      (sample, index) => [sample[output]?.data ?? [], after[index]?.[output]?.data ?? []] as const,
    );
    if (!fractions.includes(type)) {
      const shares = pairs.map(([one, other]) => equalShare(one, other));
      return { output, cosine: null, maximumDifference: null, equal: Math.min(...shares) };
    }
    const numbers = pairs as readonly (readonly [ArrayLike<number>, ArrayLike<number>])[];
    return {
      output,
      cosine: Math.min(...numbers.map(([one, other]) => cosineOf(one, other))),
      maximumDifference: Math.max(...numbers.map(([one, other]) => farthest(one, other))),
      equal: null,
    };
  });
}

/**
 * The cosine of the angle between two vectors: `a·b / (|a| |b|)`. Two of zeros are alike; 0 when
 * the lengths differ or a number is not finite in one of them alone.
 */
export function cosineOf(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return 0;
  let product = 0;
  let first = 0;
  let second = 0;
  for (let index = 0; index < one.length; index += 1) {
    const a = one[index] ?? 0;
    const b = other[index] ?? 0;
    // Masked scores are minus infinity in both.
    if (Object.is(a, b) && !Number.isFinite(a)) continue;
    product += a * b;
    first += a * a;
    second += b * b;
  }
  if (first === 0 && second === 0) return 1;
  const cosine = product / Math.sqrt(first) / Math.sqrt(second);
  return Number.isFinite(cosine) ? Math.min(1, cosine) : 0;
}

function farthest(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let largest = one.length === other.length ? 0 : Infinity;
  for (let index = 0; index < one.length; index += 1) {
    const a = one[index] ?? 0;
    const b = other[index] ?? 0;
    if (Object.is(a, b)) continue;
    const distance = Math.abs(a - b);
    largest = Math.max(largest, Number.isNaN(distance) ? Infinity : distance);
  }
  return largest;
}

function equalShare(one: RunValue["data"], other: RunValue["data"]): number {
  if (one.length !== other.length) return 0;
  let same = 0;
  for (let index = 0; index < one.length; index += 1) if (one[index] === other[index]) same += 1;
  return one.length === 0 ? 1 : same / one.length;
}
