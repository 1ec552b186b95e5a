import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DayFigures } from "../../../src/server/day-figures.ts";

const hour = 3_600_000;

describe("the figures of a day", () => {
  it("are none before anything was answered", () => {
    const figures = new DayFigures(5000);
    const nothing = { requests: 0, errors: 0, average: null, p50: null, p95: null };
    expect(figures.summary(5000)).toEqual({ covers: 0, ...nothing });
  });

  it("forget what is older than 24 hours, within a quarter of an hour", () => {
    const figures = new DayFigures(0);
    figures.add(100, true, 0);
    figures.add(10, false, 12 * hour);
    expect(figures.summary(24 * hour)).toMatchObject({ requests: 2, errors: 1, average: 55 });
    const later = figures.summary(24.5 * hour);
    expect(later).toMatchObject({ covers: 24 * hour, requests: 1, errors: 0, average: 10 });
    expect(figures.summary(72 * hour)).toMatchObject({ requests: 0, p95: null });
    figures.add(1, false, 100 * hour);
    expect(figures.summary(100 * hour)).toMatchObject({ requests: 1, average: 1 });
  });

  it("tell percentiles within 5 % of the nearest rank, whatever the times", () => {
    const times = fc.array(fc.double({ min: 0.06, max: 60_000, noNaN: true }), { minLength: 1 });
    fc.assert(
      fc.property(times, (all) => {
        const figures = new DayFigures(0);
        for (const [at, time] of all.entries()) figures.add(time, false, at);
        const sorted = all.toSorted((a, b) => a - b);
        const { p50, p95 } = figures.summary(all.length);
        for (const [share, told] of [
          [0.5, p50],
          [0.95, p95],
        ] as const) {
          const right = sorted[Math.ceil(share * all.length) - 1] ?? 0;
          expect(told ?? 0).toBeGreaterThanOrEqual(right * 0.9999);
          expect(told ?? 0).toBeLessThanOrEqual(right * 1.0501);
        }
      }),
    );
  });
});
