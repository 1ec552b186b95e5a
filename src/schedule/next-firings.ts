import type { Settings } from "../config/schema.ts";
import { parseExpression } from "./cron/expression.ts";
import { nextFiring } from "./cron/firings.ts";

export interface NextFiring {
  name: string;
  /** ISO 8601, UTC. */
  next: string;
}

/** When each job is due next, the soonest first. */
export function nextFirings(schedule: Settings["schedule"], now: Date): NextFiring[] {
  return Object.entries(schedule.jobs)
    .flatMap(([name, job]) => {
      const timezone = job.timezone ?? schedule.defaults.timezone;
      const next = nextFiring(parseExpression(job.cron), timezone, now);
      return next === null ? [] : [{ name, next: next.toISOString() }];
    })
    .toSorted((a, b) => (a.next < b.next ? -1 : 1));
}
