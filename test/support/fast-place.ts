import { settingsSchema } from "../../src/config/schema.ts";
import { jobsOf } from "../../src/schedule/jobs.ts";
import type { SchedulePlace } from "../../src/schedule/place.ts";
import { statePaths } from "../../src/state.ts";

/** What the clock shows when it is set going. */
export const clockBegins = Date.parse("2026-11-22T00:00:30Z");

export function fastPlace(folder: string, faster: number, began: number): SchedulePlace {
  const shell = "mkdir busy || echo overlap >>trouble; echo x >>count; sleep 0.02; rmdir busy";
  const jobs = { job: { cron: "* * * * *", shell, catchUp: "once" } };
  const { schedule } = settingsSchema.parse({ schedule: { jobs } });
  return {
    environment: "local",
    paths: statePaths(folder, "local"),
    jobs: jobsOf(schedule, "host"),
    service: {
      project: "shop",
      environment: "local",
      directory: folder,
      configFile: null,
      node: process.execPath,
      program: "/opt/studio/bin/studio.js",
    },
    now: () => new Date(clockBegins + (Date.now() - began) * faster),
  };
}
