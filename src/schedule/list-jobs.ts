import { latestJobRuns } from "../ledger/job-runs.ts";
import { readJobStates } from "../ledger/job-states.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { nextTimes } from "./jobs.ts";
import type { SchedulePlace } from "./place.ts";
import { type Standing, standingOf } from "./standing.ts";

export interface ListedJob {
  name: string;
  cron: string;
  timezone: string;
  command: string;
  group: string | null;
  /** UTC; null for a day that never comes. */
  next: string | null;
  /** Milliseconds after that. */
  delay: number;
  paused: boolean;
  last: { id: string; at: string; standing: Standing } | null;
}

/** Every job with what became of its last run. Changes nothing. */
export function listJobs({ environment, paths, jobs, now }: SchedulePlace): ListedJob[] {
  const ledger = openLedgerForReading(paths.ledger);
  try {
    const states = ledger === null ? null : readJobStates(ledger, environment);
    const latest = ledger === null ? null : latestJobRuns(ledger, environment);
    return jobs.map((job) => {
      const { name, cron, timezone, group, delay, command } = job;
      const run = latest?.get(name);
      return {
        name,
        cron,
        timezone,
        command: command.kind === "studio" ? `studio ${command.line}` : command.line,
        group,
        next: nextTimes(job, now(), 1)[0]?.toISOString() ?? null,
        delay,
        paused: (states?.get(name)?.pausedAt ?? null) !== null,
        last:
          run === undefined
            ? null
            : { id: run.id, at: run.dueAt ?? run.claimedAt, standing: standingOf(run) },
      };
    });
  } finally {
    ledger?.close();
  }
}
