import { describe, expect, it } from "vitest";
import {
  answerTime,
  trueErrorRate,
  trueQuantile,
} from "../../../../src/bench/self-test/latency-law.ts";
import type { Law } from "../../../../src/bench/self-test/latency-law.ts";

const stall: Law = { kind: "stall", every: 5000, length: 1000 };

describe("a latency law", () => {
  it("of a stall holds what comes in it until its end", () => {
    expect(answerTime(stall, 0)).toBe(1000);
    expect(answerTime(stall, 5400)).toBe(6000);
    expect(answerTime(stall, 1000)).toBe(1000);
    expect(answerTime({ kind: "constant", delay: 20 }, 7)).toBe(27);
  });

  it("has the quantiles that a walk through whole periods finds", () => {
    const waits = Array.from({ length: 20_000 }, (_, index) => {
      const at = (index + 0.5) / 2;
      return answerTime(stall, at) - at;
    }).toSorted((left, right) => left - right);
    for (const quantile of [0.5, 0.79, 0.85, 0.9, 0.95, 0.99, 0.999]) {
      const found = waits[Math.ceil(quantile * waits.length) - 1] ?? Number.NaN;
      expect(Math.abs(found - trueQuantile(stall, quantile))).toBeLessThan(1);
    }
    expect(trueQuantile(stall, 0.95)).toBeCloseTo(750, 6);
    expect(trueErrorRate({ kind: "hang-up" })).toBe(0.5);
  });
});
