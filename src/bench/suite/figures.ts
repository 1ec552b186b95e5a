/** What the iterations of a benchmark took; times in milliseconds for one call. */
export interface SuiteFigures {
  iterations: number;
  mean: number;
  median: number;
  min: number;
  max: number;
  /** Of the sample: divided by one less than there are. 0 of one alone. */
  stdev: number;
  /** By nearest rank: times that were measured. */
  p50: number;
  p95: number;
  p99: number;
}

/** @returns null where there is no time */
export function figuresOf(times: readonly number[]): SuiteFigures | null {
  if (times.length === 0) return null;
  const sorted = times.toSorted((left, right) => left - right);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const squares = times.reduce((sum, time) => sum + (time - mean) ** 2, 0);
  const rank = (share: number) => {
    // The subtraction keeps 0.95 * 100 = 95.00000000000001 from becoming rank 96.
    return sorted[Math.max(1, Math.ceil(share * sorted.length - 1e-9)) - 1] ?? 0;
  };
  return {
    iterations: times.length,
    mean,
    median: medianOf(sorted),
    min: rank(0),
    max: rank(1),
    stdev: times.length === 1 ? 0 : Math.sqrt(squares / (times.length - 1)),
    p50: rank(0.5),
    p95: rank(0.95),
    p99: rank(0.99),
  };
}

/** @param sorted ascending, and at least one */
export function medianOf(sorted: readonly number[]): number {
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
