import { findJob, nextTimes } from "./jobs.ts";
import type { SchedulePlace } from "./place.ts";

export interface NextRun {
  job: string;
  /** UTC. */
  at: string;
  timezone: string;
  /** As the clocks of the zone show it. */
  local: string;
}

/** The next `count` firings of one job, or of each, soonest first. */
export function nextRuns(place: SchedulePlace, name: string | null, count: number): NextRun[] {
  const jobs = name === null ? place.jobs : [findJob(place.jobs, name)];
  return jobs
    .flatMap((job) =>
      nextTimes(job, place.now(), count).map((at) => ({
        job: job.name,
        at: at.toISOString(),
        timezone: job.timezone,
        local: shownIn(job.timezone, at),
      })),
    )
    .toSorted((a, b) => (a.at < b.at ? -1 : 1));
}

/** `Sun 2027-03-14 03:00 EDT` */
export function shownIn(timeZone: string, at: Date): string {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
    timeZoneName: "short",
  });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const { weekday, year, month, day, hour, minute, timeZoneName } = part;
  return `${weekday} ${year}-${month}-${day} ${hour}:${minute} ${timeZoneName}`;
}
