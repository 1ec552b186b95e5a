import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SchedulePlace } from "../../src/schedule/place.ts";
import { placeIn } from "./schedule-place-in.ts";

/** Jobs in a folder of their own, which goes when the test has finished. */
export function placeWith(jobs: Record<string, unknown>): SchedulePlace {
  const directory = mkdtempSync(join(tmpdir(), "j-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const program = "/opt/studio/bin/studio.js";
  return placeIn(directory, jobs, { project: "shop", node: process.execPath, program });
}
