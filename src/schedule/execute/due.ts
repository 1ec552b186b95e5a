import { firings } from "../cron/firings.ts";
import type { Job } from "../jobs.ts";

/** Milliseconds after which a firing counts as missed: cron itself begins within the minute. */
export const missedAfter = 60_000;

/** No firing is looked for longer ago than this, in milliseconds. */
const longestLook = 31 * 24 * 3_600_000;

/** The times at which a job was due after `since`, up to `now`, oldest first. */
export function dueTimes(
  { expression, timezone }: Pick<Job, "expression" | "timezone">,
  since: Date,
  now: Date,
): Date[] {
  const from = new Date(Math.max(since.getTime(), now.getTime() - longestLook));
  const times: Date[] = [];
  for (const time of firings(expression, timezone, from)) {
    if (time > now) break;
    times.push(time);
  }
  return times;
}

export interface Choice {
  /** To be run, oldest first. */
  run: Date[];
  /** Not to be run any more. */
  missed: Date[];
}

/**
 * What is still run of the times that passed. The last one always is, where it passed just now;
 * of those that passed while nothing ran, `once` catches up with the last, and `all` with three.
 */
export function chooseTimes(times: readonly Date[], catchUp: Job["catchUp"], now: Date): Choice {
  const last = times.at(-1);
  if (last === undefined) return { run: [], missed: [] };
  const isPunctual = now.getTime() - last.getTime() < missedAfter;
  const wanted = { none: isPunctual ? 1 : 0, once: 1, all: 3 }[catchUp];
  const border = Math.max(times.length - wanted, 0);
  return { run: times.slice(border), missed: times.slice(0, border) };
}
