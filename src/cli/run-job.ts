import { reasonOf } from "../errors.ts";
import type { JobRun, JobTrigger } from "../ledger/job-runs.ts";
import type { ExecuteInput } from "../schedule/execute/execute.ts";
import type { Context } from "./context.ts";
import { jobVariables } from "./job-view.ts";
import { secretReader } from "./secret-reader.ts";
import { openSchedule } from "./schedule-place.ts";
import { insideJob, tellJobs } from "./tell-outcome.ts";

/** Runs what is due of a job, or the job at once, and notifies of how that and other jobs stand. */
export async function runJob(
  context: Context,
  job: string,
  trigger: JobTrigger,
): Promise<JobRun[]> {
  const { executeJob } = await import("../schedule/execute/execute.ts");
  const { writeMetricsFile } = await import("../schedule/metrics-file.ts");
  const { findJob } = await import("../schedule/jobs.ts");
  const place = await openSchedule(context);
  // A name that is no job's is told before anything is written.
  findJob(place.jobs, job);
  const begun = context.now();
  const env = { ...(await jobVariables(context)), [insideJob]: job };
  const ping = pinger(context);
  try {
    return await executeJob({ place, job, trigger, env, signal: context.signal, ping });
  } finally {
    keepGoing(context, "The figures of jobs could not be written", () => writeMetricsFile(place));
    await tellJobs(context, place, begun);
  }
}

/** What only tells of a job never decides how the command ends. */
function keepGoing(context: Context, failure: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    context.output.warn(`${failure}: ${reasonOf(error)}`);
  }
}

/** A ping that cannot be sent is a warning: the job goes on. */
function pinger(context: Context): ExecuteInput["ping"] {
  return async (job, moment, { id, exitCode }) => {
    if (job.ping === null) return;
    try {
      const { ping } = await import("../schedule/execute/ping.ts");
      const url = await secretReader(context)(job.ping);
      if (await ping({ url, moment, run: id, exitCode })) return;
      context.output.warn(`Nobody took the ping of the job "${job.name}" (${moment}).`);
    } catch (error) {
      context.output.warn(`The job "${job.name}" could not be pinged for: ${reasonOf(error)}`);
    }
  };
}
