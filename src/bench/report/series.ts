import { Histogram } from "../measure/histogram.ts";
import type { BenchReport } from "./bench-report.ts";

/** What the requests of all tags took together, of one of the two ways to time them. */
export function wholeHistogram(
  { histograms }: Pick<BenchReport, "histograms">,
  timed: "response" | "service",
): Histogram {
  const whole = new Histogram();
  for (const texts of Object.values(histograms.tags)) {
    whole.merge(Histogram.fromText(texts[timed]));
  }
  return whole;
}

/** A point of a percentile curve: how many "nines", and milliseconds. */
export interface CurvePoint {
  /** 0 to 1. */
  quantile: number;
  latency: number;
}

/** From the fastest to the slowest, denser towards the slow end; empty without samples. */
export function percentileCurve(histogram: Histogram): CurvePoint[] {
  if (histogram.count === 0) return [];
  const steps = 8 * Math.max(1, Math.log10(histogram.count));
  const quantiles = Array.from(
    { length: Math.ceil(steps) + 1 },
    (_, step) => 1 - 10 ** (-step / 8),
  );
  const latencies = histogram.percentiles(quantiles);
  return quantiles.map((quantile, index) => ({
    quantile,
    latency: (latencies[index] ?? 0) / 1000,
  }));
}

/** One piece of a run, with rates instead of counts. */
export interface RatePoint {
  /** Seconds from the first measured moment. */
  at: number;
  /** Requests a second. */
  due: number;
  ok: number;
  errors: number;
}

export function rateSeries({ summary }: Pick<BenchReport, "summary">): RatePoint[] {
  const { slots, slotMs, durationMs } = summary;
  return slots.map(({ at, requests }) => {
    // The last piece is often shorter than the others.
    const seconds = Math.max(1, Math.min(slotMs, durationMs - at)) / 1000;
    const { scheduled, ok, failed, dropped } = requests;
    return {
      at: at / 1000,
      due: scheduled / seconds,
      ok: ok / seconds,
      errors: (failed + dropped) / seconds,
    };
  });
}
