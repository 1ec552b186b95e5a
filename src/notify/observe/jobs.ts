import { exitCodes } from "../../errors.ts";
import type { JobOutcome, JobRun } from "../../ledger/job-runs.ts";
import type { CheckedJob } from "../../schedule/check.ts";
import type { Level, NotifyEvent } from "../event.ts";

/** Outcomes that are told; what was skipped or replaced went as it was configured. */
const told: Partial<Record<JobOutcome, { level: Level; title: string }>> = {
  succeeded: { level: "info", title: "succeeded" },
  failed: { level: "error", title: "failed" },
  "timed-out": { level: "error", title: "took too long, and was ended" },
  lost: { level: "error", title: "was lost: what ran it died" },
  ended: { level: "warning", title: "was told to end before it was done" },
  missed: { level: "warning", title: "was not run when it was due" },
};

/** What is told of runs that ended. */
export function jobEvents(runs: readonly JobRun[]): NotifyEvent[] {
  return runs.flatMap((run) => {
    const how = run.outcome === null ? undefined : told[run.outcome];
    return how === undefined ? [] : [describe(run, how)];
  });
}

function describe(run: JobRun, { level, title }: { level: Level; title: string }): NotifyEvent {
  const { id, job, outcome, exitCode, dueAt, claimedAt, finishedAt } = run;
  return {
    id: `job:${id}`,
    kind: "job",
    // Something was left half-way, and waits for somebody to look.
    level: exitCode === exitCodes.notUndone ? "critical" : level,
    state: outcome === "succeeded" ? "good" : "bad",
    subject: `job:${job}`,
    title: `The job "${job}" ${title}`,
    text: textOf(run),
    hint: outcome === "missed" ? "studio schedule check" : `studio schedule logs ${job}`,
    at: finishedAt ?? dueAt ?? claimedAt,
  };
}

function textOf({ dueAt, exitCode, signal, reason, firings }: JobRun): string {
  const facts = [
    dueAt === null ? "It was run by hand" : `It was due at ${dueAt}`,
    ...(firings > 1 ? [`and ${firings - 1} times before`] : []),
    ...(exitCode === null || exitCode === 0 ? [] : [`exit code ${exitCode}`]),
    ...(signal === null ? [] : [`ended by ${signal}`]),
    ...(reason === null ? [] : [reason]),
  ];
  return `${facts.join("; ")}.`;
}

/** What is told of jobs that were due, and that nothing ran. */
export function overdueEvents(jobs: readonly CheckedJob[], now: Date): NotifyEvent[] {
  return jobs.flatMap(({ job, overdueSince }) =>
    overdueSince === null
      ? []
      : [
          {
            id: `overdue:${job}:${overdueSince}`,
            kind: "job",
            level: "error",
            state: "bad",
            subject: `job:${job}`,
            title: `The job "${job}" is overdue`,
            text: `It was due at ${overdueSince}, and nothing ran it.`,
            hint: "studio schedule check",
            at: now.toISOString(),
          },
        ],
  );
}
