import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../replace-file.ts";
import { checkJobs } from "./check.ts";
import { metricsText } from "./metrics-text.ts";
import type { SchedulePlace } from "./place.ts";

/**
 * Writes the figures of all jobs where node-exporter's textfile collector finds them, as backups do
 * theirs. Others than the owner read it: no figure is a secret.
 * @returns the file's path
 */
export function writeMetricsFile(place: SchedulePlace): string {
  const folder = join(place.paths.root, "metrics");
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const file = join(folder, `jobs-${place.environment}.prom`);
  const text = metricsText(place.environment, checkJobs(place));
  replaceFile(file, text, { mode: 0o644, flush: false });
  return file;
}
