import type { Measurement } from "./measure.ts";

/** A setting of a model that was tried, and how it did. */
export interface Candidate extends Measurement {
  instances: number;
  batchRows: number;
  batchTokens: number;
  /** Tokens of each row that was sent; 0 where rows have none that are known. */
  rowTokens: number;
}

/** A gain in items a second that could be chance is none: a share of the lesser. */
const chance = 0.05;

/**
 * The candidate to be used: the one that gives most items a second; of those that give about as
 * many, the one of the shortest wait, then of the fewest threads and the smallest batches. What is
 * in use stays unless another is clearly better.
 * @param inUse the candidate of the present setting, null when it could not be measured
 */
export function propose(
  candidates: readonly Candidate[],
  inUse: Candidate | null,
): Candidate | null {
  const most = candidates.reduce((best, { itemsPerSecond }) => Math.max(best, itemsPerSecond), 0);
  if (inUse !== null && inUse.itemsPerSecond * (1 + chance) >= most) return inUse;
  const near = candidates.filter(({ itemsPerSecond }) => itemsPerSecond * (1 + chance) >= most);
  const [best = null] = near.toSorted(
    (one, other) =>
      one.p95 - other.p95 ||
      one.instances - other.instances ||
      one.batchRows - other.batchRows ||
      one.batchTokens - other.batchTokens,
  );
  return best;
}

/** Whole numbers from small to large, each once, the present one among them. */
export function choices(present: number, others: readonly number[], most: number): number[] {
  const fitting = others.filter((one) => one >= 1 && one <= most);
  return [...new Set([present, ...fitting])].toSorted((one, other) => one - other);
}
