import type { BenchSummary } from "../measure/summary.ts";
import { type Arrivals, poissonDistance, rampError, rateOf, variationOf } from "./arrivals.ts";
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

export interface Observation {
  summary: BenchSummary;
  /** Of the measured time. */
  arrivals: Arrivals;
}

/** A run against the fault server whose outcome is known. */
export interface SelfTestCase {
  name: string;
  law: Law;
  /** Requests a second: all the time, or when a ramp begins. */
  rate: number;
  /** Requests a second when a ramp ends; absent: there is none. */
  rampTo?: number;
  poisson?: true;
  /** Milliseconds; whole periods of the law. */
  duration: number;
  workers: number;
  compare(observed: Observation): Comparison[];
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
    compare: ({ summary, arrivals }) => [
      samples(summary, 2000),
      rate(arrivals, 500),
      variation(arrivals),
      latency(summary, "p50", trueQuantile(constant, 0.5), overhead),
    ],
  },
  {
    name: "still for 1 s in every 5 s, at 500 a second",
    law: stall,
    rate: 500,
    duration: 10_000,
    workers: 1,
    compare: ({ summary }) =>
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
    compare: ({ summary }) => [
      {
        figure: "errors (%)",
        truth: trueErrorRate(hangUp) * 100,
        measured: summary.errorRate * 100,
        tolerance: 0.5,
      },
    ],
  },
  {
    name: "from 200 to 1000 a second in a ramp",
    law: constant,
    rate: 200,
    rampTo: 1000,
    duration: 4000,
    workers: 1,
    compare: ({ arrivals }) => {
      const ramp = { from: 200, to: 1000, duration: 4000 };
      const measured = rampError(arrivals, ramp) * 100;
      return [{ figure: "off the ramp by (%)", truth: 0, measured, tolerance: 2 }];
    },
  },
  {
    // Few, so that the millisecond of timers is little beside the times between them.
    name: "20 a second at random (Poisson)",
    law: constant,
    rate: 20,
    poisson: true,
    duration: 5000,
    workers: 1,
    compare: ({ arrivals }) => {
      const measured = poissonDistance(arrivals, 20);
      return [{ figure: "Kolmogorov-Smirnov", truth: 0, measured, tolerance: 1.628 }];
    },
  },
  ...[2, 4].map(
    (workers): SelfTestCase => ({
      name: `500 a second by ${workers} workers`,
      law: constant,
      rate: 500,
      duration: 2000,
      workers,
      compare: ({ summary, arrivals }) => [
        samples(summary, 1000),
        rate(arrivals, 500),
        variation(arrivals),
      ],
    }),
  ),
];

/** Asked for is held within 1 %. */
function rate(arrivals: Arrivals, truth: number): Comparison {
  return { figure: "rate (1/s)", truth, measured: rateOf(arrivals), tolerance: truth * 0.01 };
}

/** Of slots of 50 ms. */
function variation(arrivals: Arrivals): Comparison {
  const measured = variationOf(arrivals, 50) * 100;
  return { figure: "variation (%)", truth: 0, measured, tolerance: 10 };
}

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
