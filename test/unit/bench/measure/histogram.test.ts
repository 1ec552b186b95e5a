import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Histogram, summarizeLatency } from "../../../../src/bench/measure/histogram.ts";

/** From a microsecond to an hour, as likely short as long. */
const microseconds = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.double({ min: 1, max: 2, noNaN: true }))
  .map(([power, factor]) => Math.round(2 ** power * factor));
const samples = fc.array(microseconds, { minLength: 1, maxLength: 300 });
const quantiles = [0, 0.001, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1];

function histogramOf(values: number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

/** The sample at the nearest rank, by sorting. */
function exactPercentile(values: number[], quantile: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  const rank = Math.max(1, Math.ceil(quantile * sorted.length - 1e-9));
  return sorted[rank - 1] ?? Number.NaN;
}

describe("a histogram of latencies", () => {
  it("is within 0.05 % of the exact percentile of the samples", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const histogram = histogramOf(values);
        for (const quantile of quantiles) {
          const exact = exactPercentile(values, quantile);
          const difference = Math.abs(histogram.percentile(quantile) - exact);
          expect(difference).toBeLessThanOrEqual(exact * 0.0005);
        }
      }),
    );
  });

  it("is exact in count, mean, minimum and maximum", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const histogram = histogramOf(values);
        expect(histogram.count).toBe(values.length);
        expect(histogram.min).toBe(Math.min(...values));
        expect(histogram.max).toBe(Math.max(...values));
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        expect(histogram.mean).toBeCloseTo(mean, 3);
      }),
    );
  });

  it("is the same when it was packed, and takes more", () => {
    fc.assert(
      fc.property(samples, samples, (before, after) => {
        const packed = histogramOf(before);
        packed.pack();
        expect(packed.toText()).toEqual(histogramOf(before).toText());
        expect(packed.percentiles(quantiles)).toEqual(histogramOf(before).percentiles(quantiles));
        for (const value of after) packed.record(value);
        packed.pack();
        packed.merge(histogramOf(before));
        const all = histogramOf([...before, ...after, ...before]);
        expect(packed.toText()).toEqual(all.toText());
        expect(packed.count).toBe(all.count);
      }),
    );
  });

  it("merges as if all samples had been recorded in one", () => {
    fc.assert(
      fc.property(samples, samples, (left, right) => {
        const merged = histogramOf(left);
        merged.merge(histogramOf(right));
        expect(merged.toText()).toEqual(histogramOf([...left, ...right]).toText());
      }),
    );
  });

  it("comes back unchanged from its stored form, also when empty", () => {
    fc.assert(
      fc.property(fc.array(microseconds), (values) => {
        const histogram = histogramOf(values);
        const restored = Histogram.fromText(histogram.toText());
        expect(restored.toText()).toEqual(histogram.toText());
        restored.record(77);
        histogram.record(77);
        expect(restored.toText()).toEqual(histogram.toText());
      }),
    );
  });

  it("counts a negative duration, as a stepping clock may give, as zero", () => {
    expect(histogramOf([-5]).max).toBe(0);
  });

  it("summarises in milliseconds with fractions, and says null when there is nothing", () => {
    expect(summarizeLatency(histogramOf([1500, 1500, 2500]))).toMatchObject({
      count: 3,
      p50: 1.5,
      max: 2.5,
    });
    expect(summarizeLatency(new Histogram())).toBeNull();
  });
});
