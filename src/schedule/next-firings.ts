import type { Settings } from "../config/schema.ts";
import { jobsOf, nextTimes } from "./jobs.ts";

export interface NextFiring {
  name: string;
  /** ISO 8601, UTC. */
  next: string;
}

/** When each job is due next, the soonest first. */
export function nextFirings(schedule: Settings["schedule"], now: Date): NextFiring[] {
  return jobsOf(schedule, "")
    .flatMap((job) =>
      nextTimes(job, now, 1).map((next) => ({ name: job.name, next: next.toISOString() })),
    )
    .toSorted((a, b) => (a.next < b.next ? -1 : 1));
}
