import { settingsSchema } from "../../src/config/schema.ts";
import { jobsOf } from "../../src/schedule/jobs.ts";
import type { SchedulePlace } from "../../src/schedule/place.ts";
import { statePaths } from "../../src/state.ts";

/** Jobs whose programs are `/bin/true`, in a folder. */
export function placeIn(
  directory: string,
  jobs: Record<string, unknown>,
  now: () => Date,
): SchedulePlace {
  const { schedule } = settingsSchema.parse({ schedule: { jobs } });
  return {
    environment: "local",
    paths: statePaths(directory, "local"),
    jobs: jobsOf(schedule, "host"),
    service: {
      project: "bench",
      environment: "local",
      directory,
      configFile: null,
      node: "/bin/true",
      program: "studio.js",
    },
    now,
  };
}
