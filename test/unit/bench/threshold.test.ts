import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Figures } from "../../../src/bench/measure/summary.ts";
import { judge, parseThreshold } from "../../../src/bench/judge/threshold.ts";
import { StudioError } from "../../../src/errors.ts";

const summary: Figures = {
  requests: { scheduled: 1000, ok: 980, failed: 20, dropped: 0, unfinished: 0 },
  errorRate: 0.02,
  rate: 98,
  latency: {
    count: 980,
    p50: 20,
    p75: 30,
    p90: 40,
    p95: 50,
    p99: 99.5,
    p999: 120,
    mean: 25,
    min: 3,
    max: 130,
  },
  checks: { passed: 980, failed: 10 },
};

const nothingEnded: Figures = {
  ...summary,
  requests: { scheduled: 10, ok: 0, failed: 0, dropped: 0, unfinished: 10 },
  errorRate: 1,
  rate: 0,
  latency: null,
  checks: { passed: 0, failed: 0 },
};

const units = { us: 0.001, ms: 1, s: 1000 };
const latencyMetric = fc.constantFrom("p50", "p75", "p90", "p95", "p99", "p999", "mean", "max");
const operator = fc.constantFrom("<", "<=", ">", ">=");
const blank = fc.constantFrom("", " ", "  ");

function problemOf(text: string): StudioError {
  try {
    parseThreshold(text);
  } catch (error) {
    if (error instanceof StudioError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe("reading thresholds", () => {
  it("gives latency limits in milliseconds, whatever the unit and the blanks", () => {
    const unit = fc.constantFrom("us" as const, "ms" as const, "s" as const);
    fc.assert(
      fc.property(
        latencyMetric,
        operator,
        fc.nat(1_000_000),
        unit,
        blank,
        (metric, sign, n, u, gap) => {
          const threshold = parseThreshold(`${gap}${metric}${gap}${sign}${gap}${n}${gap}${u}`);
          expect(threshold).toMatchObject({ metric, operator: sign });
          expect(threshold.limit).toBeCloseTo(n * units[u], 6);
          expect(threshold.text).toBe(`${metric}${sign}${n}${u}`);
        },
      ),
    );
  });

  it("gives shares in percent and rates per second", () => {
    expect(parseThreshold("errors<1%")).toMatchObject({ metric: "errors", limit: 1 });
    expect(parseThreshold("checks >= 99.9 %")).toMatchObject({ operator: ">=", limit: 99.9 });
    expect(parseThreshold("rate>100")).toMatchObject({ metric: "rate", limit: 100 });
    expect(parseThreshold("rate>100/s")).toMatchObject({ metric: "rate", limit: 100 });
    expect(parseThreshold("P99.9<250µs")).toMatchObject({ metric: "p999", limit: 0.25 });
  });

  it.each([
    ["p97<500ms", "p90<500ms"],
    ["erors<1%", "errors<1%"],
    ["p95<500", "p95<500ms"],
    ["rat<5%", "rate>100"],
    ["xyz<5%", "p95<500ms"],
    ["p95<500m", "p95<500ms"],
    ["errors<1", "errors<1%"],
    ["errors<150%", "errors<1%"],
    ["rate>100%", "rate>100"],
    ["p95<fast", "p95<500ms"],
    ["p95=500ms", "p95<500ms"],
    ["", "p95<500ms"],
  ])("refuses %j and suggests %s", (text, suggestion) => {
    const problem = problemOf(text);
    expect(problem).toMatchObject({ exitCode: 2, code: "bench.threshold" });
    expect(problem.hint).toContain(`"${suggestion}"`);
    expect(() => parseThreshold(suggestion)).not.toThrow();
  });

  it("refuses with nothing but a StudioError, whose suggestion is a threshold", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (left, right) => {
        for (const text of [left, `p95<${right}`, `${left}<5ms`]) {
          try {
            parseThreshold(text);
          } catch (error) {
            const { suggestion } = (error as StudioError).details as { suggestion: string };
            expect(() => parseThreshold(suggestion)).not.toThrow();
          }
        }
      }),
    );
  });
});

describe("judging a run", () => {
  it.each([
    ["p95<500ms", true, 50],
    ["p95<50ms", false, 50],
    ["p95<=50ms", true, 50],
    ["errors<1%", false, 2],
    ["errors<=2%", true, 2],
    ["rate>100", false, 98],
    ["checks>98%", true, (980 / 990) * 100],
    ["p999<0.1s", false, 120],
  ])("holds %s against the figure of the run: %s", (text, passed, actual) => {
    const [verdict] = judge([parseThreshold(text)], summary);
    expect(verdict).toEqual(expect.objectContaining({ text, passed, actual }));
  });

  it("lets no threshold pass when not one request came to an end", () => {
    const texts = ["p95<500ms", "errors<100%", "errors>=0%", "rate<1", "rate>=0", "checks<=100%"];
    for (const verdict of judge(texts.map(parseThreshold), nothingEnded)) {
      expect(verdict).toMatchObject({ passed: false, actual: null });
    }
  });

  it("is passed by exactly one of a threshold and its opposite", () => {
    const opposite: Record<string, string> = { "<": ">=", "<=": ">", ">": "<=", ">=": "<" };
    fc.assert(
      fc.property(latencyMetric, operator, fc.nat(200), (metric, sign, limit) => {
        const pair = [`${metric}${sign}${limit}ms`, `${metric}${opposite[sign]}${limit}ms`];
        const [one, other] = judge(pair.map(parseThreshold), summary);
        expect(one?.passed).toBe(!other?.passed);
      }),
    );
  });
});
