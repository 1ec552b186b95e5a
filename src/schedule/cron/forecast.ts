import type { Job } from "../jobs.ts";
import { shownIn } from "../next-runs.ts";
import { firings } from "./firings.ts";
import { type Transition, transitionBetween } from "./zone.ts";

/** A time of a job that clocks which are changed skip or repeat. */
export interface Surprise {
  job: string;
  timezone: string;
  kind: "skipped" | "repeated";
  /** When the clocks are changed, UTC. */
  at: string;
  /** When the job runs instead of what was skipped, or at which of the two times; UTC. */
  runsAt: string[];
  sentence: string;
}

const day = 24 * 3_600_000;
/** How far ahead is looked: each change of a year is seen once. */
const ahead = 366 * day;
/** No clocks are changed twice within a week. */
const step = 7 * day;

/**
 * What the changes of clocks within a year do to jobs with fixed times. Jobs that follow the clock
 * run every real hour, which surprises nobody.
 */
export function forecast(
  jobs: readonly Pick<Job, "name" | "expression" | "timezone">[],
  now: Date,
): Surprise[] {
  const changes = new Map<string, Transition[]>();
  const found = jobs.flatMap((job) => {
    if (job.expression.followsClock) return [];
    const known = changes.get(job.timezone) ?? changesOf(job.timezone, now);
    changes.set(job.timezone, known);
    return known.flatMap((change) => surpriseOf(job, change) ?? []);
  });
  return found.toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

function changesOf(zone: string, now: Date): Transition[] {
  const found: Transition[] = [];
  for (let at = now.getTime(); at < now.getTime() + ahead; at += step) {
    const change = transitionBetween(zone, at, at + step);
    if (change !== null) found.push(change);
  }
  return found;
}

function surpriseOf(
  job: Pick<Job, "name" | "expression" | "timezone">,
  { at, before, after }: Transition,
): Surprise | null {
  const isGap = after > before;
  const width = Math.abs(after - before);
  // In the gap itself nothing can be due; what would have been is due when it ends.
  const from = isGap ? at - 1 : at - width - 1;
  const to = isGap ? at : at - 1;
  const runs: Date[] = [];
  for (const time of firings(job.expression, job.timezone, new Date(from))) {
    if (time.getTime() > to) break;
    runs.push(time);
  }
  if (runs.length === 0 || (isGap && !isSkipped(job, at, before, width))) return null;
  const { name, timezone } = job;
  const shown = runs.map((time) => shownIn(timezone, time)).join(", ");
  const clocks = `${shownIn(timezone, new Date(at - 1))} to ${shownIn(timezone, new Date(at))}`;
  const sentence = isGap
    ? `${name}: the clocks of ${timezone} skip its time (${clocks}); it runs at ${shown}.`
    : `${name}: its time comes twice where the clocks of ${timezone} are put back (${clocks}); it runs once, at ${shown}.`;
  return {
    job: name,
    timezone,
    kind: isGap ? "skipped" : "repeated",
    at: new Date(at).toISOString(),
    runsAt: runs.map((time) => time.toISOString()),
    sentence,
  };
}

/** Whether one of its times lies in the gap, and not merely where the gap ends. */
function isSkipped(
  { expression }: Pick<Job, "expression">,
  at: number,
  before: number,
  width: number,
): boolean {
  const minute = 60_000;
  const first = (at + before) % day;
  return expression.hours.some((hour) =>
    expression.minutes.some((each) => {
      const time = (hour * 60 + each) * minute;
      return (time - first + day) % day < width;
    }),
  );
}
