import { type JobRun, latestJobRuns, lastSuccesses } from "../ledger/job-runs.ts";
import { type JobState, readJobStates } from "../ledger/job-states.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { dueTimes } from "./execute/due.ts";
import { type Job, nextTimes } from "./jobs.ts";
import type { SchedulePlace } from "./place.ts";
import { standingOf } from "./standing.ts";

/** Milliseconds after which a job that should have been called counts as overdue. */
const patience = 5 * 60_000;

export type Health =
  | "good"
  /** Its last run did not succeed. */
  | "failing"
  /** It was due, and nothing ran it. */
  | "overdue"
  /** Nothing is there to run it. */
  | "not installed"
  | "paused";

export interface CheckedJob {
  job: string;
  health: Health;
  /** Why, where it is not good. */
  reason: string | null;
  /** UTC; null unless it was due since then, and nothing ran it. */
  overdueSince: string | null;
  /** UTC; null where it never did. */
  lastSuccess: string | null;
  /** UTC; null for a day that never comes. */
  next: string | null;
  /** Of the last run that ended by itself; null where none did. */
  lastExitCode: number | null;
  /** Milliseconds that the last run took; null where it has not ended. */
  lastDuration: number | null;
}

/** Every job, and whether what it was to do was done. Changes nothing. */
export function checkJobs({ environment, paths, jobs, now }: SchedulePlace): CheckedJob[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    const states = ledger === null ? null : readJobStates(ledger, environment);
    const runs = ledger === null ? null : latestJobRuns(ledger, environment);
    const successes = ledger === null ? null : lastSuccesses(ledger, environment);
    return jobs.map((job) => {
      const run = runs?.get(job.name) ?? null;
      const began = run?.startedAt ?? null;
      const ended = run?.finishedAt ?? null;
      return {
        job: job.name,
        ...judge(job, states?.get(job.name) ?? null, run, now()),
        lastSuccess: successes?.get(job.name) ?? null,
        next: nextTimes(job, now(), 1)[0]?.toISOString() ?? null,
        lastExitCode: run?.exitCode ?? null,
        lastDuration:
          began === null || ended === null ? null : Date.parse(ended) - Date.parse(began),
      };
    });
  } finally {
    ledger?.close();
  }
}

type Judgement = Pick<CheckedJob, "health" | "reason" | "overdueSince">;

const bad: ReadonlySet<string> = new Set(["failed", "timed-out", "ended", "lost"]);

function judge(job: Job, state: JobState | null, run: JobRun | null, now: Date): Judgement {
  const judgement = (health: Health, reason: string): Judgement => ({
    health,
    reason,
    overdueSince: null,
  });
  if (state !== null && state.pausedAt !== null) {
    return judgement("paused", `since ${state.pausedAt}`);
  }
  if (state === null || state.since === null) {
    return judgement("not installed", "nothing is there to run it");
  }
  const standing = run === null ? null : standingOf(run);
  if (run !== null && standing !== null && bad.has(standing)) {
    const how = run.exitCode === null ? "" : ` with exit code ${run.exitCode}`;
    return judgement("failing", `the run ${run.id} ${standing}${how}`);
  }
  if (standing === "missed") {
    return judgement("overdue", `what was due at ${run?.dueAt} was missed`);
  }
  const due = overdueSince(job, state.since, run, now)?.toISOString() ?? null;
  if (due === null) return { health: "good", reason: null, overdueSince: null };
  return { health: "overdue", reason: `due at ${due}, and nothing ran it`, overdueSince: due };
}

/** The first time that nothing came for, and that is long enough ago. */
function overdueSince(job: Job, since: string, run: JobRun | null, now: Date): Date | null {
  const known = [since, run?.dueAt ?? since].toSorted().at(-1) ?? since;
  const border = new Date(now.getTime() - patience);
  return dueTimes(job, new Date(known), border)[0] ?? null;
}
