import { readFileSync } from "node:fs";
import { StudioError, exitCodes, systemCode, usageError } from "../errors.ts";
import { type JobRun, listJobRuns } from "../ledger/job-runs.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { findJob } from "./jobs.ts";
import type { SchedulePlace } from "./place.ts";
import { type Standing, standingOf } from "./standing.ts";

export interface HistoryRun extends Omit<JobRun, "process" | "group" | "outcome" | "environment"> {
  standing: Standing;
  /** Milliseconds that its program ran; null where it did not, or has not ended. */
  duration: number | null;
  /** Milliseconds from when it was due until something was there to run it; null by hand. */
  late: number | null;
}

/**
 * The runs of one job, or of all, the latest first. A job that is no longer set is one, too.
 * @throws StudioError (exit 2) for a name that is no job's, and of which no run is known
 */
export function jobHistory(
  place: Pick<SchedulePlace, "environment" | "paths" | "jobs">,
  job: string | null,
  limit: number,
): HistoryRun[] {
  const runs = readRuns(place, job, limit);
  if (job !== null && runs.length === 0) findJob(place.jobs, job);
  return runs.map(describeRun);
}

function readRuns(
  { environment, paths }: Pick<SchedulePlace, "environment" | "paths">,
  job: string | null,
  limit: number,
): JobRun[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    return ledger === null ? [] : listJobRuns(ledger, { environment, job, limit });
  } finally {
    ledger?.close();
  }
}

export function describeRun(run: JobRun): HistoryRun {
  const { process: _process, group: _group, environment: _environment, outcome: _, ...rest } = run;
  const { dueAt, claimedAt, startedAt, finishedAt } = run;
  return {
    ...rest,
    standing: standingOf(run),
    duration: between(startedAt, finishedAt),
    late: between(dueAt, claimedAt),
  };
}

const between = (from: string | null, to: string | null): number | null =>
  from === null || to === null ? null : Date.parse(to) - Date.parse(from);

/**
 * What a run wrote: the last that wrote anything, or the one whose id begins so.
 * @throws StudioError (exit 2) where there is no such run, (exit 8) where its file is gone
 */
export function jobOutput(place: SchedulePlace, job: string, run: string | null): string {
  const runs = jobHistory(place, job, 1_000_000).filter(({ log }) => log !== null);
  const found = run === null ? runs[0] : runs.find(({ id }) => id.startsWith(run));
  if (found === undefined || found.log === null) {
    const which = run === null ? `No run of "${job}"` : `No run of "${job}" with the id ${run}`;
    throw usageError(`${which} wrote anything.`, `\`studio schedule history ${job}\` lists them.`);
  }
  try {
    return readFileSync(found.log, "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    throw new StudioError({
      code: "schedule.output-gone",
      message: `What the run ${found.id} wrote is gone: the last 100 of each job are kept, for 90 days.`,
      hint: `\`studio schedule history ${job}\` lists the runs.`,
      exitCode: exitCodes.unavailable,
    });
  }
}
