import type { BenchSummary } from "../measure/summary.ts";
import { trueErrorRate, trueQuantile } from "./latency-law.ts";
import type { Law } from "./latency-law.ts";

/** One figure, beside what it must be. */
export interface Comparison {
  figure: string;
  truth: number;
  measured: number;
  /** How far off it may be, in the figure's own unit. */
  tolerance: number;
}

/** A run against the fault server whose outcome is known. */
export interface SelfTestCase {
  name: string;
  law: Law;
  /** Requests a second. */
  rate: number;
  /** Milliseconds; whole periods of the law. */
  duration: number;
  workers: number;
  compare(summary: BenchSummary): Comparison[];
}

const constant: Law = { kind: "constant", delay: 20 };
const stall: Law = { kind: "stall", every: 5000, length: 1000 };
const hangUp: Law = { kind: "hang-up" };

/** Milliseconds that a request takes on loopback besides what the law says. */
const overhead = 1.5;

export const selfTestCases: readonly SelfTestCase[] = [
  {
    name: "20 ms for each answer, at 500 a second",
    law: constant,
    rate: 500,
    duration: 4000,
    workers: 1,
    compare: (summary) => [
      samples(summary, 2000),
      latency(summary, "p50", trueQuantile(constant, 0.5), overhead),
    ],
  },
  {
    name: "still for 1 s in every 5 s, at 500 a second",
    law: stall,
    rate: 500,
    duration: 10_000,
    workers: 1,
    compare: (summary) =>
      (
        [
          ["p95", 0.95],
          ["p99", 0.99],
        ] as const
      ).map(([figure, quantile]) => {
        const truth = trueQuantile(stall, quantile);
        return latency(summary, figure, truth, truth * 0.05);
      }),
  },
  {
    name: "hanging up on half of the requests",
    law: hangUp,
    rate: 200,
    duration: 2000,
    workers: 1,
    compare: ({ errorRate }) => [
      {
        figure: "errors (%)",
        truth: trueErrorRate(hangUp) * 100,
        measured: errorRate * 100,
        tolerance: 0.5,
      },
    ],
  },
  ...[2, 4].map((workers) => ({
    name: `500 a second by ${workers} workers`,
    law: constant,
    rate: 500,
    duration: 2000,
    workers,
    compare: (summary: BenchSummary) => [samples(summary, 1000)],
  })),
];

function samples({ latency: figures }: BenchSummary, truth: number): Comparison {
  return { figure: "samples", truth, measured: figures?.count ?? 0, tolerance: 0 };
}

function latency(
  { latency: figures }: BenchSummary,
  figure: "p50" | "p95" | "p99",
  truth: number,
  tolerance: number,
): Comparison {
  const measured = figures === null ? Number.NaN : figures[figure];
  return { figure: `${figure} (ms)`, truth, measured, tolerance };
}

/** NaN is never within. */
export function isWithin({ truth, measured, tolerance }: Comparison): boolean {
  return Math.abs(measured - truth) <= tolerance;
}
