/** How requests came to a server; times in milliseconds, ascending, from when they were to begin. */
export type Arrivals = readonly number[];

/** Requests a second, between the first and the last. */
export function rateOf(arrivals: Arrivals): number {
  const time = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
  return ((arrivals.length - 1) * 1000) / time;
}

/** The coefficient of variation of the requests in slots of a time; incomplete slots are left out. */
export function variationOf(arrivals: Arrivals, slot: number): number {
  const first = arrivals[0] ?? 0;
  const counts = new Float64Array(Math.floor(((arrivals.at(-1) ?? 0) - first) / slot));
  for (const at of arrivals) {
    const number = Math.floor((at - first) / slot);
    if (number < counts.length) counts[number] = (counts[number] as number) + 1;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const squares = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0);
  return Math.sqrt(squares / counts.length) / mean;
}

/**
 * The Kolmogorov-Smirnov distance of the times between requests from those of a Poisson process of
 * a rate (requests a second), times the root of their number: above 1.628 with a probability of
 * 0.01 where they are of one (Stephens, 1974).
 */
export function poissonDistance(arrivals: Arrivals, rate: number): number {
  const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] as number));
  const sorted = gaps.toSorted((one, other) => one - other);
  const count = sorted.length;
  const distances = sorted.map((gap, index) => {
    const expected = 1 - Math.exp((-gap * rate) / 1000);
    return Math.max(expected - index / count, (index + 1) / count - expected);
  });
  return Math.max(...distances) * Math.sqrt(count);
}

/**
 * How far the number of requests that had come is off the integral of a straight ramp, at worst, as
 * a share of all of them.
 * @param duration milliseconds
 */
export function rampError(
  arrivals: Arrivals,
  { from, to, duration }: { from: number; to: number; duration: number },
): number {
  const integral = (at: number) => (from * at + ((to - from) * at ** 2) / (2 * duration)) / 1000;
  const all = integral(duration);
  let worst = 0;
  for (const [index, at] of arrivals.entries()) {
    const due = integral(Math.min(Math.max(at, 0), duration));
    // Of a request that has just come, half counts on either side.
    worst = Math.max(worst, Math.abs(index + 0.5 - due) / all);
  }
  return Math.max(worst, Math.abs(arrivals.length - all) / all);
}
