import { describe, expect, test } from "vitest";
import { environmentFingerprint } from "../../../../src/bench/compare/fingerprint.ts";
import { randomNumbers } from "../../../../src/bench/random.ts";
import { compareSuites } from "../../../../src/bench/suite/compare-suites.ts";
import type { SuiteReport } from "../../../../src/bench/suite/suite-report.ts";

function reportOf(rounds: Record<string, number[]>): SuiteReport {
  const rest = { figures: null, callsPerIteration: 1, error: null };
  return {
    kind: "suite",
    format: 1,
    id: "20261120T210500Z-k3xq",
    environment: "local",
    suite: "all",
    startedAt: "2026-11-20T21:05:00.000Z",
    studio: "0.1.0",
    fingerprint: environmentFingerprint(),
    passed: true,
    benchmarks: Object.entries(rounds).map(([name, list]) => ({ name, rounds: list, ...rest })),
  };
}

/** Ten medians that differ by up to 4 %. */
function steady(factor: number, seed: number): number[] {
  const random = randomNumbers(seed);
  return Array.from({ length: 10 }, () => factor * (1 + 0.04 * random()));
}

const plain = { force: false };

describe("two runs of a suite", () => {
  test("are slower where one benchmark became slower, and say by how much", () => {
    const base = reportOf({ sort: steady(1, 1), parse: steady(5, 2) });
    const other = reportOf({ sort: steady(1.3, 3), parse: steady(3, 4) });
    const { judgement, benchmarks } = compareSuites(base, other, plain);
    expect(judgement).toBe("slower");
    expect(benchmarks.map((one) => one.judgement)).toEqual(["slower", "faster"]);
    expect(benchmarks[0]?.ratio?.estimate).toBeCloseTo(1.3, 1);
  });

  test("are the same within what does not matter", () => {
    const base = reportOf({ sort: steady(1, 1) });
    expect(compareSuites(base, reportOf({ sort: steady(1, 5) }), plain).judgement).toBe("same");
  });

  test("are called different in at most one of twenty comparisons of equals", () => {
    const names = ["one", "two", "three", "four"];
    const suite = (seed: number) =>
      reportOf(
        Object.fromEntries(names.map((name, place) => [name, steady(1, seed * 10 + place)])),
      );
    const found = Array.from({ length: 60 }, (_, round) => {
      return compareSuites(suite(round * 2 + 1), suite(round * 2 + 2), plain).judgement;
    });
    expect(found.filter((one) => one === "slower" || one === "faster").length).toBeLessThan(4);
  });

  test("tell nothing of what only one of them has, or was hardly timed", () => {
    const base = reportOf({ sort: steady(1, 1) });
    const absent = compareSuites(base, reportOf({ parse: steady(1, 2) }), plain);
    expect(absent).toMatchObject({ judgement: "inconclusive", benchmarks: [] });
    expect(absent.doubts).toEqual(["The two have no benchmark in common."]);
    const short = compareSuites(base, reportOf({ sort: [1, 1] }), plain);
    expect(short.judgement).toBe("inconclusive");
    expect(short.doubts).toEqual(["Each side needs 5 iterations or more."]);
  });

  test("of different machines are inconclusive, unless that is overridden", () => {
    const base = reportOf({ sort: steady(1, 1) });
    const other = reportOf({ sort: steady(2, 2) });
    other.fingerprint = { ...other.fingerprint, processor: "another" };
    expect(compareSuites(base, other, plain).judgement).toBe("inconclusive");
    expect(compareSuites(base, other, plain).doubts[0]).toMatch(/differ in processor/);
    expect(compareSuites(base, other, { force: true }).judgement).toBe("slower");
  });
});
