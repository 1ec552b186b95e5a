import type { Condition } from "../../../../src/inference/vectors/filter/condition.ts";
import type { Metric } from "../../../../src/inference/vectors/similarity.ts";

export interface PlainItem {
  id: string;
  vector: readonly number[];
  metadata: Record<string, unknown>;
}

/** What a search should find, as one would write it down: all scores, sorted. */
export function searchPlainly(
  items: readonly PlainItem[],
  query: readonly number[],
  metric: Metric,
  count: number,
  isWanted: (metadata: Record<string, unknown>) => boolean = () => true,
): { id: string; score: number }[] {
  const rounded = query.map(Math.fround);
  return items
    .filter(({ metadata }) => isWanted(metadata))
    .map(({ id, vector }) => ({
      id,
      score: scorePlainly(metric, vector.map(Math.fround), rounded),
    }))
    .toSorted((one, other) => {
      const nearer = metric === "euclid" ? one.score - other.score : other.score - one.score;
      return nearer === 0 ? (one.id < other.id ? -1 : 1) : nearer;
    })
    .slice(0, count);
}

function scorePlainly(metric: Metric, one: readonly number[], other: readonly number[]): number {
  let product = 0;
  let squares = 0;
  for (const [index, value] of one.entries()) {
    product += value * (other[index] as number);
    squares += (value - (other[index] as number)) * (value - (other[index] as number));
  }
  if (metric === "dot") return product;
  if (metric === "euclid") return Math.sqrt(squares);
  return product / (lengthPlainly(one) * lengthPlainly(other));
}

function lengthPlainly(vector: readonly number[]): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

export const equalsFilter = (key: string, value: number): Condition => ({
  kind: "equals",
  path: [key],
  value,
});
