import { type Interval, intervalOfDifference, intervalOfMean } from "./bootstrap.ts";
import type { Sample, Samples } from "./samples.ts";

/**
 * `same`: whatever the difference is, it is less than `sameWithin`. `inconclusive`: the runs do not
 * tell, which more or longer repeats may.
 */
export type Judgement = "faster" | "slower" | "same" | "inconclusive";

const metrics = ["p50", "p95"] as const;

export interface MetricComparison {
  metric: (typeof metrics)[number];
  /** Milliseconds: the geometric means of the samples. */
  base: number;
  other: number;
  /** other / base, with the interval that holds the truth; null when there are too few samples. */
  ratio: Interval | null;
  judgement: Judgement;
}

export interface SampleComparison {
  judgement: Judgement;
  metrics: MetricComparison[];
  /** How many samples each side has, and of what. */
  samples: { kind: Samples["kind"]; base: number; other: number; paired: boolean };
}

/** Of all comparisons of equals, the share that may be called different by one metric or other. */
export const falseAlarms = 0.05;

/** Differences that are sure but smaller make nobody's day better or worse: 2 %. */
const leastDifference = 0.02;

/** A difference of less is no reason to look further: 10 %. */
const sameWithin = 0.1;

/** Fewer have no spread to speak of. */
export const fewestSamples = 5;

export interface Comparing {
  /** The n-th sample of one side was measured beside the n-th of the other. */
  paired: boolean;
  seed?: number;
  resamples?: number;
}

/**
 * Compares the latencies of two runs: by the logarithms of their samples, so that a ratio is a
 * difference, and each metric with its part of the false alarms (Bonferroni).
 */
export function compareSamples(
  base: Samples,
  other: Samples,
  { paired, seed = 1, resamples = 10_000 }: Comparing,
): SampleComparison {
  const alpha = falseAlarms / metrics.length;
  const enough = Math.min(base.list.length, other.list.length) >= fewestSamples;
  const inPairs = paired && base.list.length === other.list.length;
  const compared = metrics.map((metric): MetricComparison => {
    const [left, right] = [logarithms(base.list, metric), logarithms(other.list, metric)];
    const means = { base: geometricMean(left), other: geometricMean(right) };
    if (!enough) return { metric, ...means, ratio: null, judgement: "inconclusive" };
    const resampling = { alpha, seed, resamples };
    const interval = inPairs
      ? intervalOfMean(differences(left, right), resampling)
      : intervalOfDifference(left, right, resampling);
    return { metric, ...means, ratio: exponentials(interval), judgement: judge(interval) };
  });
  const kind = base.kind === other.kind ? base.kind : "block";
  const samples = { kind, base: base.list.length, other: other.list.length, paired: inPairs };
  return { judgement: together(compared), metrics: compared, samples };
}

/** Sampled latencies have a resolution of a microsecond: 0 stands for less than half of one. */
function logarithms(list: readonly Sample[], metric: "p50" | "p95"): number[] {
  return list.map((sample) => Math.log(Math.max(0.0005, sample[metric])));
}

function differences(left: readonly number[], right: readonly number[]): number[] {
  return left.map((value, index) => (right[index] ?? 0) - value);
}

function geometricMean(logs: readonly number[]): number {
  return logs.length === 0 ? 0 : Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

export function exponentials({ estimate, low, high }: Interval): Interval {
  return { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
}

export function judge({ estimate, low, high }: Interval): Judgement {
  const least = Math.log(1 + leastDifference);
  if (low > 0 && estimate >= least) return "slower";
  if (high < 0 && estimate <= -least) return "faster";
  const within = Math.log(1 + sameWithin);
  return low > -within && high < within ? "same" : "inconclusive";
}

/** One metric that is worse makes the whole slower; one worse and one better tell nothing. */
function together(compared: readonly MetricComparison[]): Judgement {
  const found = new Set(compared.map(({ judgement }) => judgement));
  if (found.has("slower")) return found.has("faster") ? "inconclusive" : "slower";
  if (found.has("faster")) return "faster";
  return found.has("inconclusive") ? "inconclusive" : "same";
}
