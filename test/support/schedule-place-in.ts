import { settingsSchema } from "../../src/config/schema.ts";
import { jobsOf } from "../../src/schedule/jobs.ts";
import type { SchedulePlace } from "../../src/schedule/place.ts";
import { statePaths } from "../../src/state.ts";

/** Jobs in a folder. */
export function placeIn(
  directory: string,
  jobs: Record<string, unknown>,
  {
    project,
    node,
    program,
    now = () => new Date(),
  }: Pick<SchedulePlace["service"], "project" | "node" | "program"> & { now?: () => Date },
): SchedulePlace {
  const { schedule } = settingsSchema.parse({ schedule: { jobs } });
  const environment = "local";
  return {
    environment,
    paths: statePaths(directory, environment),
    jobs: jobsOf(schedule, "host"),
    service: { project, environment, directory, configFile: null, node, program },
    now,
  };
}
