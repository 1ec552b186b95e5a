import { randomNumbers } from "../random.ts";
import type { RateProfile } from "./rate-profile.ts";

/** How requests follow each other: at even distances, or as independent callers would send them. */
export type Spacing = { kind: "constant" } | { kind: "poisson"; seed: number };

/** One of several generators that share a run. */
export interface Share {
  /** From 0. */
  worker: number;
  workers: number;
}

export interface IntendedStart {
  /** Which request of the whole run, from 0. */
  index: number;
  /** When it is due, in milliseconds from the beginning of the run. */
  at: number;
}

/**
 * When the requests of an open run are due, in order. Each is due at the moment at which the
 * integral of the rate reaches a mark: k + 1/2 for even distances, so that the whole is the integral
 * to the nearest request; the sum of k unit exponentials for Poisson arrivals (the time change of
 * an inhomogeneous Poisson process, Cinlar 1975). Every generator walks through the whole and
 * keeps each n-th: whatever their number, together they send exactly the same.
 */
export function* intendedStarts(
  profile: RateProfile,
  spacing: Spacing,
  share: Share = { worker: 0, workers: 1 },
): Generator<IntendedStart, void, undefined> {
  const nextMark = marks(spacing);
  for (let index = 0; ; index += 1) {
    const mark = nextMark();
    if (mark >= profile.total) return;
    if (index % share.workers !== share.worker) continue;
    yield { index, at: profile.timeOf(mark) };
  }
}

function marks(spacing: Spacing): () => number {
  if (spacing.kind === "constant") {
    let count = -0.5;
    return () => (count += 1);
  }
  const random = randomNumbers(spacing.seed);
  let sum = 0;
  return () => (sum -= Math.log(1 - random()));
}
