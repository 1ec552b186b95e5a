import { randomNumbers } from "../random.ts";

/** An estimate, and the interval that holds the truth with the confidence that was asked for. */
export interface Interval {
  estimate: number;
  low: number;
  high: number;
}

export interface Resampling {
  /** The share of intervals that may miss the truth: 0.05 for 95 % confidence. */
  alpha: number;
  seed: number;
  resamples: number;
}

/**
 * The interval of a mean by the studentized bootstrap (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, 12.5), which holds its promise for a handful of values, where the plain
 * percentile bootstrap is too narrow. Each value is a block: a whole repeat of a run, or a piece of
 * it long enough to stand for itself, so that what depends on each other stays together.
 */
export function intervalOfMean(values: readonly number[], resampling: Resampling): Interval {
  const draw = drawer(resampling.seed);
  return studentized(momentsOf(values), () => draw(values), resampling);
}

/** The same for the difference of the means of two independent samples: `other` less `base`. */
export function intervalOfDifference(
  base: readonly number[],
  other: readonly number[],
  resampling: Resampling,
): Interval {
  const draw = drawer(resampling.seed);
  const observed = difference(momentsOf(base), momentsOf(other));
  return studentized(observed, () => difference(draw(base), draw(other)), resampling);
}

interface Moments {
  mean: number;
  /** The square of the mean's standard error. */
  error: number;
}

function difference(base: Moments, other: Moments): Moments {
  return { mean: other.mean - base.mean, error: base.error + other.error };
}

function studentized(
  observed: Moments,
  resample: () => Moments,
  { alpha, resamples }: Resampling,
): Interval {
  const spread = Math.sqrt(observed.error);
  const ratios: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    const { mean, error } = resample();
    // A resample of one value over and over tells nothing of the spread.
    if (error > 0) ratios.push((mean - observed.mean) / Math.sqrt(error));
  }
  ratios.sort((left, right) => left - right);
  const at = (share: number) => ratios[Math.round(share * (ratios.length - 1))] ?? 0;
  return {
    estimate: observed.mean,
    low: observed.mean - at(1 - alpha / 2) * spread,
    high: observed.mean - at(alpha / 2) * spread,
  };
}

function drawer(seed: number): (values: readonly number[]) => Moments {
  const random = randomNumbers(seed);
  return (values) => momentsOf(values.map(() => values[Math.floor(random() * values.length)] ?? 0));
}

function momentsOf(values: readonly number[]): Moments {
  const count = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, error: squares / (count - 1) / count };
}
