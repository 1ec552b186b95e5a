import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, reasonOf } from "../../errors.ts";
import {
  type JobEnd,
  type JobRun,
  type JobTrigger,
  finishJobRun,
  readJobRun,
  startJobRun,
} from "../../ledger/job-runs.ts";
import { type Ledger, openLedger } from "../../ledger/ledger.ts";
import { pruneHistory } from "../../ledger/prune.ts";
import { ownIdentity } from "../../shell/process-identity.ts";
import { type Job, findJob } from "../jobs.ts";
import type { SchedulePlace } from "../place.ts";
import { claimDue, claimNow } from "./claim.ts";
import { holdLocks, replacedBy } from "./job-locks.ts";
import { openOutputLog, rotateOutput } from "./output-log.ts";
import type { PingMoment } from "./ping.ts";
import { runProgram } from "./run-program.ts";
import { settleLost } from "./settle.ts";

export interface ExecuteInput {
  place: SchedulePlace;
  job: string;
  trigger: JobTrigger;
  /** What the job's program is given. */
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  /** Tells whoever waits for the job that a run began, or how it ended. Never fails. */
  ping: (job: Job, moment: PingMoment, run: Pick<JobRun, "id" | "exitCode">) => Promise<unknown>;
}

/** Milliseconds for which the history of runs and messages is kept, as their output is. */
const keptFor = 90 * 24 * 3_600_000;

/**
 * Runs what is due of a job, or, triggered by hand, the job at once. Whatever calls it, and however
 * many at the same time: what is due at one time is run once.
 * @returns the runs as they ended; none where nothing was due
 */
export async function executeJob(input: ExecuteInput): Promise<JobRun[]> {
  const { place, trigger } = input;
  const { environment, now } = place;
  const job = findJob(place.jobs, input.job);
  const ledger = openLedger(place.paths.ledger);
  try {
    await settleLost(ledger, environment, now);
    const claim = { environment, job, trigger, now: now() };
    const claimed = trigger === "hand" ? [claimNow(ledger, claim)] : claimDue(ledger, claim);
    const ended: JobRun[] = [];
    for (const run of claimed) {
      const end = await perform(input, ledger, job, run);
      finishJobRun(ledger, run.id, end);
      ended.push(readJobRun(ledger, run.id) ?? run);
      if (end.outcome !== "skipped") {
        await input.ping(job, end.outcome, { id: run.id, exitCode: end.exitCode ?? null });
      }
    }
    pruneHistory(ledger, environment, new Date(now().getTime() - keptFor));
    return ended;
  } finally {
    ledger.close();
  }
}

async function perform(
  input: ExecuteInput,
  ledger: Ledger,
  job: Job,
  run: JobRun,
): Promise<JobEnd> {
  const { place, signal } = input;
  const at = () => place.now().toISOString();
  try {
    if (run.dueAt !== null) await waitUntil(Date.parse(run.dueAt) + job.delay, place, signal);
    const folder = join(dirname(place.paths.lock), `${place.environment}-jobs`);
    const request = { folder, ledger, environment: place.environment, job, run: run.id, signal };
    const held = await holdLocks(request);
    if ("refused" in held) return { at: at(), outcome: "skipped", reason: held.refused };
    try {
      // The one that was waited for may have died, and its program have outlived it.
      await settleLost(ledger, place.environment, place.now);
      await input.ping(job, "start", run);
      return { ...(await runLogged(input, ledger, job, run)), at: at() };
    } finally {
      held.release();
    }
  } catch (error) {
    if (signal.aborted) return { ...interrupted(ledger, run, signal), at: at() };
    if (error instanceof StudioError) {
      return { at: at(), outcome: "failed", reason: error.message };
    }
    finishJobRun(ledger, run.id, { at: at(), outcome: "failed", reason: reasonOf(error) });
    throw error;
  }
}

async function waitUntil(time: number, { now }: SchedulePlace, signal: AbortSignal): Promise<void> {
  const wait = time - now().getTime();
  if (wait > 0) await sleep(wait, undefined, { signal });
  signal.throwIfAborted();
}

async function runLogged(
  input: ExecuteInput,
  ledger: Ledger,
  job: Job,
  run: JobRun,
): Promise<Omit<JobEnd, "at">> {
  const { place, env, signal } = input;
  const file = join(place.paths.logs, "jobs", job.name, `${run.id}.log`);
  const log = openOutputLog(file);
  try {
    const { exitCode, timedOut, ...end } = await runProgram({
      place,
      job,
      env,
      signal,
      onStart: (group) =>
        startJobRun(ledger, run.id, { at: place.now().toISOString(), group, log: file }),
      onOutput: (chunk) => log.write(chunk),
    });
    const how = { exitCode, signal: end.signal };
    if (signal.aborted) return { ...interrupted(ledger, run, signal), ...how };
    if (timedOut) return { ...how, outcome: "timed-out", reason: `not done in ${job.timeout} ms` };
    return { ...how, outcome: exitCode === 0 ? "succeeded" : "failed" };
  } finally {
    log.close();
    rotateOutput(dirname(file), place.now());
  }
}

function interrupted(
  ledger: Ledger,
  run: JobRun,
  signal: AbortSignal,
): Pick<JobEnd, "outcome" | "reason"> {
  const reason = readJobRun(ledger, run.id)?.reason ?? null;
  if (reason?.startsWith(replacedBy) === true) return { outcome: "replaced", reason };
  return { outcome: "ended", reason: `process ${ownIdentity().pid} got ${String(signal.reason)}` };
}
