import { describe, expect, test } from "vitest";
import type { RunProgress } from "../../../src/bench/run.ts";
import { runLine } from "../../../src/cli/bench-meter.ts";

const counts = { scheduled: 0, ok: 0, failed: 0, dropped: 0, unfinished: 0 };

const latency = { count: 1, p50: 1.866, p95: 8.0015, p99: 122.87, p75: 2, p90: 3, p999: 200 };

const standing: RunProgress = {
  scenario: "smoke",
  play: 1,
  plays: 1,
  requestsOfAll: null,
  elapsedMs: 60_000,
  totalMs: 120_000,
  warmingUp: false,
  requests: { ...counts, ok: 990, failed: 10 },
  latency: { ...latency, mean: 2, min: 1, max: 300 },
};

describe("the line of a load test that runs", () => {
  test("tells the rate of now, percentiles, errors and the time left", () => {
    const before = { ...standing, elapsedMs: 59_500, requests: { ...counts, ok: 900 } };
    expect(runLine(standing, before)).toBe(
      "smoke  180/s  p50 1.87 p95 8.00 p99 123 ms  errors 1.0 %  1 min left",
    );
  });

  test("fits on a terminal of 80 columns", () => {
    expect(runLine(standing, null).length).toBeLessThan(80);
  });

  test("counts the repeats that are to come to the time left", () => {
    expect(runLine({ ...standing, play: 2, plays: 4, elapsedMs: 110_000 }, null)).toMatch(
      /^smoke 2 of 4 .* 4 min 10 s left$/,
    );
  });

  test("does not take another repeat for the one before", () => {
    const first = { ...standing, plays: 2, requests: { ...counts, ok: 5000 } };
    const second = { ...standing, play: 2, plays: 2, elapsedMs: 500 };
    expect(runLine(second, first)).toContain(" 1980/s ");
  });

  test("has no figures while the run warms up, and none before the first answer", () => {
    expect(runLine({ ...standing, warmingUp: true }, null)).toBe("smoke  warming up  1 min left");
    expect(runLine({ ...standing, requests: counts, latency: null }, null)).toBe(
      "smoke  0/s  no answer yet  errors 0.0 %  1 min left",
    );
  });

  test("counts the requests of a run that ends with their number", () => {
    expect(runLine({ ...standing, requestsOfAll: 5000 }, null)).toMatch(/1000 of 5000$/);
  });

  test("says that the last answers are waited for", () => {
    expect(runLine({ ...standing, elapsedMs: 120_001 }, null)).toMatch(/last answers$/);
  });
});
