export const metrics = ["cosine", "dot", "euclid"] as const;

export type Metric = (typeof metrics)[number];

/** Vectors of one collection under one another. */
export interface VectorBlock {
  ids: readonly string[];
  /** Metadata as JSON text, one for each id. */
  metadata: readonly string[];
  /** Row-major [ids.length, dimension]. */
  values: Float32Array;
  /** Euclidean length of each row. */
  lengths: Float64Array;
}

export interface Neighbour {
  row: number;
  /** Cosine similarity or dot product, greater being nearer; or the Euclidean distance. */
  score: number;
}

export function lengthOf(values: Float32Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

/**
 * The `count` rows nearest to `query`, nearest first; every row is compared (exact search), and
 * sums are kept in double precision. Equal scores are ordered by id.
 */
export function findNearest(
  block: VectorBlock,
  query: Float32Array,
  metric: Metric,
  count: number,
): Neighbour[] {
  const dimension = query.length;
  const queryLength = lengthOf(query);
  // Ordered by `rank`, greater first; the Euclidean distance ranks by its negation.
  const best: (Neighbour & { rank: number })[] = [];
  for (let row = 0; row < block.ids.length; row++) {
    const offset = row * dimension;
    const score =
      metric === "euclid"
        ? distance(block.values, offset, query)
        : product(block.values, offset, query) /
          (metric === "cosine" ? (block.lengths[row] as number) * queryLength : 1);
    const rank = metric === "euclid" ? -score : score;
    const last = best.at(-1);
    if (best.length === count && last !== undefined && !precedes(block, rank, row, last)) continue;
    let place = best.length;
    while (place > 0 && precedes(block, rank, row, best[place - 1] as (typeof best)[0])) place--;
    best.splice(place, 0, { row, score, rank });
    if (best.length > count) best.pop();
  }
  return best.map(({ row, score }) => ({ row, score }));
}

function precedes(
  block: VectorBlock,
  rank: number,
  row: number,
  other: { rank: number; row: number },
): boolean {
  if (rank !== other.rank) return rank > other.rank;
  return (block.ids[row] as string) < (block.ids[other.row] as string);
}

function product(values: Float32Array, offset: number, query: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < query.length; index++) {
    sum += (values[offset + index] as number) * (query[index] as number);
  }
  return sum;
}

function distance(values: Float32Array, offset: number, query: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < query.length; index++) {
    const difference = (values[offset + index] as number) - (query[index] as number);
    sum += difference * difference;
  }
  return Math.sqrt(sum);
}
