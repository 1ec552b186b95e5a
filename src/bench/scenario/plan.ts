import { usageError } from "../../errors.ts";
import { defaultMaxInFlight } from "./schema.ts";
import type { OpenLoad, Scenario } from "./schema.ts";

/** What of a scenario one run changes. */
export interface BenchOverrides {
  /** Multiplies users, rates and times: 0.1 for a short run with little load. */
  scale?: number | undefined;
  /** Milliseconds; the ramp-up and warm-up shrink in proportion, but never grow. */
  duration?: number | undefined;
  /** Plays the scenario with so many users, also where it has a rate of its own. */
  users?: number | undefined;
  /** Requests a second, at even distances, also where it has users or stages of its own. */
  rate?: number | undefined;
  /** Threads that generate a rate. */
  workers?: number | undefined;
}

/**
 * The scenario as it will be run. What is given outright (users, rate, duration) wins over the
 * scale.
 *
 * @throws StudioError (exit 2) for an override that makes no sense.
 */
export function planRun(scenario: Scenario, overrides: BenchOverrides): Scenario {
  const { scale = 1 } = overrides;
  if (!(scale > 0 && scale <= 100)) {
    throw usageError(`The scale ${scale} is not above 0 and at most 100.`, "Try --scale 0.1.");
  }
  const duration = overrides.duration ?? scenario.duration * scale;
  if (!(duration > 0 && Number.isFinite(duration))) {
    throw usageError("The duration of the run is not longer than nothing.", "Try --duration 30s.");
  }
  const stretch = duration / scenario.duration;
  const shrink = Math.min(stretch, overrides.duration === undefined ? scale : 1);
  const { rampUp, warmUp } = scenario;
  const open = planOpen(scenario, overrides, duration);
  const users = open === null ? planUsers(scenario, overrides) : 0;
  return {
    ...scenario,
    users,
    duration,
    rampUp: rampUp * shrink,
    warmUp: warmUp * shrink,
    open,
  };
}

function planUsers({ users }: Scenario, overrides: BenchOverrides): number {
  if (overrides.workers !== undefined) {
    throw usageError("Workers share a rate, and this run has users.", "Try --rate 100.");
  }
  const planned = overrides.users ?? Math.max(1, Math.round(users * (overrides.scale ?? 1)));
  requireUsers(planned);
  return planned;
}

/** @returns null when the run is one of users */
function planOpen(
  { open, duration: ownDuration }: Scenario,
  { users, rate, workers, scale = 1 }: BenchOverrides,
  duration: number,
): OpenLoad | null {
  if (users !== undefined && rate !== undefined) {
    throw usageError("A run has either users or a rate.", "Leave --users or --rate out.");
  }
  if (users !== undefined || (rate === undefined && open === null)) return null;
  const { spacing = { kind: "constant" }, maxInFlight = defaultMaxInFlight } = open ?? {};
  const shared = { spacing, maxInFlight, workers: workers ?? open?.workers ?? null };
  if (rate !== undefined) {
    requireRate(rate);
    return { ...shared, stages: [{ from: rate, to: rate, duration }] };
  }
  const stages = (open?.stages ?? []).map((stage) => ({
    from: stage.from * scale,
    to: stage.to * scale,
    duration: (stage.duration * duration) / ownDuration,
  }));
  return { ...shared, stages };
}

function requireRate(rate: number): void {
  if (rate > 0 && rate <= 100_000) return;
  throw usageError(`A rate of ${rate} is not above 0 and at most 100000.`, "Try --rate 100.");
}

/** @throws StudioError (exit 2) when it is not a number of users that one process can play. */
export function requireUsers(users: number): void {
  if (Number.isInteger(users) && users >= 1 && users <= 10_000) return;
  throw usageError(`${users} users: a whole number from 1 to 10000 is needed.`, "Try --users 10.");
}

/**
 * One request or flow after the other so that each comes up as often as its weight says, spread evenly
 * (smooth weighted round robin, as in nginx's upstream balancing).
 */
export function weightedSequence<One extends { weight: number }>(all: readonly One[]): One[] {
  const total = all.reduce((sum, one) => sum + one.weight, 0);
  const credits = all.map((one) => ({ one, credit: 0 }));
  return Array.from({ length: total }, () => {
    for (const entry of credits) entry.credit += entry.one.weight;
    const chosen = credits.reduce((best, entry) => (entry.credit > best.credit ? entry : best));
    chosen.credit -= total;
    return chosen.one;
  });
}
