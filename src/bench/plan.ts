import { usageError } from "../errors.ts";
import type { Scenario, ScenarioRequest } from "./scenario.ts";

/** What of a scenario one run changes. */
export interface BenchOverrides {
  /** Multiplies users and times: 0.1 for a short run with few users. */
  scale?: number | undefined;
  /** Milliseconds; the ramp-up and warm-up shrink in proportion, but never grow. */
  duration?: number | undefined;
  users?: number | undefined;
}

/**
 * The scenario as it will be run. What is given outright (users, duration) wins over the scale.
 *
 * @throws StudioError (exit 2) for a scale, duration or number of users that makes no sense.
 */
export function planRun(scenario: Scenario, overrides: BenchOverrides): Scenario {
  const { scale = 1 } = overrides;
  if (!(scale > 0 && scale <= 100)) {
    throw usageError(`The scale ${scale} is not above 0 and at most 100.`, "Try --scale 0.1.");
  }
  const users = overrides.users ?? Math.max(1, Math.round(scenario.users * scale));
  requireUsers(users);
  const duration = overrides.duration ?? scenario.duration * scale;
  if (!(duration > 0 && Number.isFinite(duration))) {
    throw usageError("The duration of the run is not longer than nothing.", "Try --duration 30s.");
  }
  const shrink = Math.min(
    duration / scenario.duration,
    overrides.duration === undefined ? scale : 1,
  );
  const { rampUp, warmUp } = scenario;
  return { ...scenario, users, duration, rampUp: rampUp * shrink, warmUp: warmUp * shrink };
}

/** @throws StudioError (exit 2) when it is not a number of users that one process can play. */
export function requireUsers(users: number): void {
  if (Number.isInteger(users) && users >= 1 && users <= 10_000) return;
  throw usageError(`${users} users: a whole number from 1 to 10000 is needed.`, "Try --users 10.");
}

/**
 * One request after the other so that each comes up as often as its weight says, spread evenly
 * (smooth weighted round robin, as in nginx's upstream balancing).
 */
export function weightedSequence(requests: readonly ScenarioRequest[]): ScenarioRequest[] {
  const total = requests.reduce((sum, request) => sum + request.weight, 0);
  const credits = requests.map((request) => ({ request, credit: 0 }));
  return Array.from({ length: total }, () => {
    for (const entry of credits) entry.credit += entry.request.weight;
    const chosen = credits.reduce((best, entry) => (entry.credit > best.credit ? entry : best));
    chosen.credit -= total;
    return chosen.request;
  });
}
