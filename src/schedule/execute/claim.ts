import { createIdentifier } from "../../identifier.ts";
import { type JobRun, type JobTrigger, insertJobRun, lastDue } from "../../ledger/job-runs.ts";
import { readJobStates } from "../../ledger/job-states.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { ownIdentity } from "../../shell/process-identity.ts";
import type { Job } from "../jobs.ts";
import { chooseTimes, dueTimes, missedAfter } from "./due.ts";

export interface ClaimInput {
  environment: string;
  job: Job;
  trigger: JobTrigger;
  now: Date;
}

/**
 * Claims what is due of a job, in one transaction: of all processes that find it due, one gets it.
 * What is not to be run any more is noted as missed, and what is due of a paused job as skipped.
 * @returns the runs to be done, oldest first; none where nothing is due, or another has it
 */
export function claimDue(ledger: Ledger, input: ClaimInput): JobRun[] {
  return ledger.transaction(() => claim(ledger, input)).immediate();
}

function claim(ledger: Ledger, input: ClaimInput): JobRun[] {
  const { environment, job, now } = input;
  const state = readJobStates(ledger, environment).get(job.name);
  const known = lastDue(ledger, { environment, job: job.name, now });
  const since = known ?? sinceWhen(state?.since ?? null, now);
  const times = dueTimes(job, since, now);
  if (state !== undefined && state.pausedAt !== null) {
    const why = state.reason === null ? "" : `: ${state.reason}`;
    passOver(ledger, input, times, "skipped", `paused since ${state.pausedAt}${why}`);
    return [];
  }
  const { run, missed } = chooseTimes(times, job.catchUp, now);
  passOver(ledger, input, missed, "missed", whenMissed(missed));
  const runs = run.map((due) => newRun(input, due));
  for (const one of runs) insertJobRun(ledger, one);
  return runs;
}

/** Claims a run that is asked for by hand. */
export function claimNow(ledger: Ledger, input: ClaimInput): JobRun {
  const run = newRun(input, null);
  insertJobRun(ledger, run);
  return run;
}

/** Without a trace of it a job counts from when it was set up, else it is due at this moment. */
function sinceWhen(setUp: string | null, now: Date): Date {
  return setUp === null ? new Date(now.getTime() - missedAfter) : new Date(setUp);
}

/** One row for all: an hourly job of a machine that was off for a month would fill the history. */
function passOver(
  ledger: Ledger,
  input: ClaimInput,
  times: readonly Date[],
  outcome: "missed" | "skipped",
  reason: string,
): void {
  const last = times.at(-1);
  if (last === undefined) return;
  const row = newRun(input, last);
  insertJobRun(ledger, {
    ...row,
    outcome,
    reason,
    finishedAt: row.claimedAt,
    firings: times.length,
  });
}

function whenMissed(times: readonly Date[]): string {
  const [first] = times;
  if (first === undefined || times.length === 1) return "nothing ran it then";
  return `nothing ran it from ${first.toISOString()} on`;
}

function newRun({ environment, job, trigger, now }: ClaimInput, due: Date | null): JobRun {
  return {
    id: createIdentifier(now),
    environment,
    job: job.name,
    trigger,
    dueAt: due?.toISOString() ?? null,
    claimedAt: now.toISOString(),
    startedAt: null,
    finishedAt: null,
    outcome: null,
    reason: null,
    exitCode: null,
    signal: null,
    firings: 1,
    process: ownIdentity(),
    group: null,
    log: null,
  };
}
