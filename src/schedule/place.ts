import type { Project } from "../config/project.ts";
import { type Service, describeService } from "../service/service.ts";
import { type StatePaths, statePaths } from "../state.ts";
import { type Job, jobsOf } from "./jobs.ts";

/** Whose jobs these are, and what runs them. */
export interface SchedulePlace {
  environment: string;
  paths: StatePaths;
  jobs: Job[];
  /** Where studio is started, and how. */
  service: Service;
  now: () => Date;
}

export interface Surroundings {
  host: string;
  /** The Node.js program. */
  node: string;
  packageRoot: string;
  now: () => Date;
}

export function schedulePlace(project: Project, around: Surroundings): SchedulePlace {
  const { environment, directory, settings } = project;
  return {
    environment,
    paths: statePaths(directory, environment),
    jobs: jobsOf(settings.schedule, around.host),
    service: describeService(project, around.node, around.packageRoot),
    now: around.now,
  };
}
