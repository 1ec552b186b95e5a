import { describe, expect, test } from "vitest";
import { figuresOf } from "../../../../src/bench/suite/figures.ts";

describe("the figures of a benchmark", () => {
  test("are those of its times, in whatever order they came", () => {
    const times = Array.from({ length: 100 }, (_, index) => ((index * 37) % 100) + 1);
    const figures = figuresOf(times);
    expect(figures).toMatchObject({ iterations: 100, mean: 50.5, median: 50.5, min: 1, max: 100 });
    expect(figures).toMatchObject({ p50: 50, p95: 95, p99: 99 });
    expect(figures?.stdev).toBeCloseTo(29.011, 3);
  });

  test("of one time are that time, without a spread", () => {
    expect(figuresOf([7])).toEqual({
      iterations: 1,
      mean: 7,
      median: 7,
      min: 7,
      max: 7,
      stdev: 0,
      p50: 7,
      p95: 7,
      p99: 7,
    });
  });

  test("of none are none", () => {
    expect(figuresOf([])).toBeNull();
  });
});
