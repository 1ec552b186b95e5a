import { pauseJob, resumeJob } from "../ledger/job-states.ts";
import { type Ledger, openLedger } from "../ledger/ledger.ts";
import { findJob } from "./jobs.ts";
import type { SchedulePlace } from "./place.ts";

export interface PauseResult {
  job: string;
  paused: boolean;
  /** False when it was so already. */
  changed: boolean;
}

/** From now on what is due of the job is skipped, whatever back end finds it due. */
export function pause(
  place: SchedulePlace,
  name: string,
  { by, reason }: { by: string; reason: string | null },
): PauseResult {
  const job = findJob(place.jobs, name).name;
  const { environment } = place;
  const changed = withLedger(place, (ledger) =>
    pauseJob(ledger, { environment, job, at: place.now(), by, reason }),
  );
  return { job, paused: true, changed };
}

/** The job runs again from its next time on. */
export function unpause(place: SchedulePlace, name: string): PauseResult {
  const job = findJob(place.jobs, name).name;
  const changed = withLedger(place, (ledger) => resumeJob(ledger, place.environment, job));
  return { job, paused: false, changed };
}

function withLedger<T>({ paths }: SchedulePlace, act: (ledger: Ledger) => T): T {
  const ledger = openLedger(paths.ledger);
  try {
    return act(ledger);
  } finally {
    ledger.close();
  }
}
