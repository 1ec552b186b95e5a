import { Cron } from "croner";
import type { Settings } from "../config/schema.ts";

export interface NextFiring {
  name: string;
  /** ISO 8601, UTC. */
  next: string;
}

/** When each job is due next, the soonest first. Days of month and week combine as in cron: or. */
export function nextFirings(schedule: Settings["schedule"], now: Date): NextFiring[] {
  return Object.entries(schedule.jobs)
    .flatMap(([name, job]) => {
      const timezone = job.timezone ?? schedule.defaults.timezone;
      // The offset means the same as the zone, and needs no table of time zones.
      const zone = timezone === "UTC" ? { utcOffset: 0 } : { timezone };
      const next = new Cron(job.cron, { ...zone, paused: true }).nextRun(now);
      return next === null ? [] : [{ name, next: next.toISOString() }];
    })
    .toSorted((a, b) => (a.next < b.next ? -1 : 1));
}
