import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { intendedStarts } from "../../../../src/bench/arrivals/intended-starts.ts";
import type { Spacing } from "../../../../src/bench/arrivals/intended-starts.ts";
import { rateProfile } from "../../../../src/bench/arrivals/rate-profile.ts";
import type { Stage } from "../../../../src/bench/arrivals/rate-profile.ts";

const constant: Spacing = { kind: "constant" };
const anyRate = fc.double({ min: 0, max: 400, noNaN: true });
const anyStages = fc.array(
  fc.record({ from: anyRate, to: anyRate, duration: fc.integer({ min: 1, max: 5000 }) }),
  { minLength: 1, maxLength: 4 },
);
const anySpacing = fc.oneof(
  fc.constant(constant),
  fc.record({ kind: fc.constant("poisson" as const), seed: fc.nat() }),
);

function startsOf(stages: readonly Stage[], spacing: Spacing): number[] {
  return [...intendedStarts(rateProfile(stages), spacing)].map(({ at }) => at);
}

describe("the intended starts", () => {
  it("are in order and inside the run", () => {
    fc.assert(
      fc.property(anyStages, anySpacing, (stages, spacing) => {
        const { duration } = rateProfile(stages);
        let before = 0;
        for (const at of startsOf(stages, spacing)) {
          expect(at).toBeGreaterThanOrEqual(before);
          expect(at).toBeLessThanOrEqual(duration);
          before = at;
        }
      }),
    );
  });

  it("of all workers together are exactly those of one", () => {
    fc.assert(
      fc.property(
        anyStages,
        anySpacing,
        fc.integer({ min: 1, max: 7 }),
        (stages, spacing, workers) => {
          const profile = rateProfile(stages);
          const shares = Array.from({ length: workers }, (_, worker) => [
            ...intendedStarts(profile, spacing, { worker, workers }),
          ]);
          const together = shares.flat().sort((left, right) => left.index - right.index);
          expect(together).toEqual([...intendedStarts(profile, spacing)]);
          const sizes = shares.map((share) => share.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

describe("a constant rate", () => {
  it("is as many requests as asked, at even distances, from half a distance on", () => {
    const starts = startsOf([{ from: 500, to: 500, duration: 8000 }], constant);
    expect(starts).toHaveLength(4000);
    expect(starts.every((at, index) => Math.abs(at - (index * 2 + 1)) < 1e-6)).toBe(true);
  });

  it("that is lower than one request in the run sends none", () => {
    expect(startsOf([{ from: 0.1, to: 0.1, duration: 1000 }], constant)).toEqual([]);
    expect(startsOf([{ from: 0, to: 0, duration: 1000 }], constant)).toEqual([]);
  });
});

describe("stages", () => {
  it("send the integral of the rate, to the nearest request, also within each part", () => {
    fc.assert(
      fc.property(anyStages, (stages) => {
        const starts = startsOf(stages, constant);
        let [time, due] = [0, 0];
        for (const { from, to, duration } of stages) {
          time += duration;
          due += ((from + to) / 2) * (duration / 1000);
          const sent = starts.filter((at) => at <= time + 1e-6).length;
          expect(Math.abs(sent - due)).toBeLessThanOrEqual(0.5 + 1e-6);
        }
      }),
    );
  });

  it("follow a ramp within 2 % in every fifth of it", () => {
    const profile = rateProfile([{ from: 100, to: 900, duration: 20_000 }]);
    const starts = [...intendedStarts(profile, constant)];
    for (let from = 0; from < 20_000; from += 4000) {
      const due = 4 * profile.rateAt(from + 2000);
      const sent = starts.filter(({ at }) => at >= from && at < from + 4000).length;
      expect(Math.abs(sent / due - 1)).toBeLessThan(0.02);
    }
  });
});

describe("Poisson arrivals", () => {
  it.each([1, 2, 3, 4, 5])("have exponential distances (seed %i)", (seed) => {
    const rate = 400;
    const stages = [{ from: rate, to: rate, duration: 10_000 }];
    const starts = startsOf(stages, { kind: "poisson", seed });
    const distances = starts.map((at, index) => (at - (starts[index - 1] ?? 0)) / 1000);
    const distribution = (x: number) => 1 - Math.exp(-rate * x);
    // The critical value of the Kolmogorov-Smirnov statistic at 0.01.
    expect(distanceTo(distances, distribution)).toBeLessThan(1.628 / Math.sqrt(distances.length));
  });

  it("lie on a ramp as its integral says", () => {
    const profile = rateProfile([{ from: 0, to: 800, duration: 10_000 }]);
    const starts = [...intendedStarts(profile, { kind: "poisson", seed: 7 })];
    const times = starts.map(({ at }) => at);
    const critical = 1.628 / Math.sqrt(times.length);
    expect(distanceTo(times, (time) => (time / 10_000) ** 2)).toBeLessThan(critical);
    expect(Math.abs(times.length - 4000)).toBeLessThan(4 * Math.sqrt(4000));
  });

  it("are repeated by their seed, and by no other", () => {
    const stages = [{ from: 100, to: 100, duration: 1000 }];
    const first = startsOf(stages, { kind: "poisson", seed: 1 });
    expect(startsOf(stages, { kind: "poisson", seed: 1 })).toEqual(first);
    expect(startsOf(stages, { kind: "poisson", seed: 2 })).not.toEqual(first);
  });
});

/** The Kolmogorov-Smirnov statistic: the largest distance between samples and distribution. */
function distanceTo(samples: readonly number[], distribution: (x: number) => number): number {
  const sorted = samples.toSorted((left, right) => left - right);
  const distances = sorted.map((x, index) => {
    const expected = distribution(x);
    return Math.max(
      Math.abs(expected - index / sorted.length),
      Math.abs((index + 1) / sorted.length - expected),
    );
  });
  return Math.max(...distances);
}
