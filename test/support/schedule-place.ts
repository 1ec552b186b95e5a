import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { settingsSchema } from "../../src/config/schema.ts";
import { jobsOf } from "../../src/schedule/jobs.ts";
import type { SchedulePlace } from "../../src/schedule/place.ts";
import { statePaths } from "../../src/state.ts";

/** Jobs in a folder of their own, which goes when the test has finished. */
export function placeWith(jobs: Record<string, unknown>): SchedulePlace {
  const directory = mkdtempSync(join(tmpdir(), "j-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { schedule } = settingsSchema.parse({ schedule: { jobs } });
  return {
    environment: "local",
    paths: statePaths(directory, "local"),
    jobs: jobsOf(schedule, "host"),
    service: {
      project: "shop",
      environment: "local",
      directory,
      configFile: null,
      node: process.execPath,
      program: "/opt/studio/bin/studio.js",
    },
    now: () => new Date(),
  };
}
