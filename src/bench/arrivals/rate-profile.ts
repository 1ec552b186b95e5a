/** A part of an open run in which the rate goes in a straight line from one value to another. */
export interface Stage {
  /** Requests a second at its beginning and end; equal for a constant rate. */
  from: number;
  to: number;
  /** Milliseconds. */
  duration: number;
}

/** The rate of a whole open run. */
export interface RateProfile {
  /** Milliseconds. */
  duration: number;
  /** How many requests are due in it: the integral of the rate, not rounded. */
  total: number;
  /** Requests a second at a time (milliseconds from the beginning); 0 outside the run. */
  rateAt(time: number): number;
  /**
   * When the integral of the rate reaches `count`, in milliseconds from the beginning; Infinity
   * when it never does.
   */
  timeOf(count: number): number;
}

interface Placed extends Stage {
  startsAt: number;
  /** The integral before and at the end of the stage. */
  before: number;
  after: number;
}

export function rateProfile(stages: readonly Stage[]): RateProfile {
  const placed = placeStages(stages);
  const last = placed.at(-1);
  const duration = last === undefined ? 0 : last.startsAt + last.duration;
  return {
    duration,
    total: last?.after ?? 0,
    rateAt(time) {
      const stage = placed.find(
        (one) => time >= one.startsAt && time < one.startsAt + one.duration,
      );
      if (stage === undefined) return 0;
      return stage.from + ((stage.to - stage.from) * (time - stage.startsAt)) / stage.duration;
    },
    timeOf(count) {
      const stage = placed.find((one) => count < one.after);
      if (stage === undefined) return Number.POSITIVE_INFINITY;
      return stage.startsAt + timeWithin(stage, Math.max(0, count - stage.before));
    },
  };
}

function placeStages(stages: readonly Stage[]): Placed[] {
  let startsAt = 0;
  let before = 0;
  return stages.map((stage) => {
    const after = before + ((stage.from + stage.to) / 2) * (stage.duration / 1000);
    const placed = { ...stage, startsAt, before, after };
    startsAt += stage.duration;
    before = after;
    return placed;
  });
}

/**
 * The root t of `from * t + slope / 2 * t^2 = count`, in milliseconds. This form of it divides by
 * no slope, so that it holds for a constant rate too, and subtracts nothing nearly equal.
 */
function timeWithin({ from, to, duration }: Stage, count: number): number {
  if (count === 0) return 0;
  const slope = (to - from) / (duration / 1000);
  const discriminant = Math.max(0, from * from + 2 * slope * count);
  return Math.min(duration, ((2 * count) / (from + Math.sqrt(discriminant))) * 1000);
}
