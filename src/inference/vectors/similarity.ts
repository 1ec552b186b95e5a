/** As stored; `euclid` is the Euclidean distance. */
export const metrics = ["cosine", "dot", "euclid"] as const;

export type Metric = (typeof metrics)[number];

/** The most values of a vector: with its scores it fits in a page of memory, and in a BLOB. */
export const mostDimensions = 16_000;

export function lengthOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

/** A vector among others, with its Euclidean length. */
export interface Placed {
  values: Float32Array;
  /** Index of its first value. */
  start: number;
  length: number;
}

/**
 * The score of two vectors, in double precision: the cosine of their angle (−1 to 1) or their dot
 * product, greater being nearer, or their Euclidean distance, less being nearer.
 */
export function scoreOf(metric: Metric, one: Placed, other: Placed, dimension: number): number {
  if (metric === "euclid") return distanceOf(one, other, dimension);
  const product = productOf(one, other, dimension);
  return metric === "dot" ? product : product / (one.length * other.length);
}

/** What orders results whatever the metric is: greater is nearer. */
export function rankOf(metric: Metric, score: number): number {
  return metric === "euclid" ? -score : score;
}

/** How far apart: 1 − cosine (0 to 2), the dot product negated, or the Euclidean distance. */
export function distanceFrom(metric: Metric, score: number): number {
  if (metric === "euclid") return score;
  return metric === "cosine" ? 1 - score : -score;
}

function productOf(one: Placed, other: Placed, dimension: number): number {
  return productAt(one.values, one.start, other.values, other.start, dimension);
}

/** The dot product of `count` values of each, from these indices on, in double precision. */
export function productAt(
  one: Float32Array,
  oneStart: number,
  other: Float32Array,
  otherStart: number,
  count: number,
): number {
  let sum = 0;
  for (let index = 0; index < count; index++) {
    sum += (one[oneStart + index] as number) * (other[otherStart + index] as number);
  }
  return sum;
}

function distanceOf(one: Placed, other: Placed, dimension: number): number {
  let sum = 0;
  for (let index = 0; index < dimension; index++) {
    const difference =
      (one.values[one.start + index] as number) - (other.values[other.start + index] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
