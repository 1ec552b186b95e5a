import type { Ledger } from "./ledger.ts";

/** What is known of a job beside its runs. */
export interface JobState {
  job: string;
  /** Since when something is there to run it, UTC; null where nothing was set up. */
  since: string | null;
  pausedAt: string | null;
  pausedBy: string | null;
  /** Why it is paused. */
  reason: string | null;
}

interface StoredState {
  job: string;
  since: string | null;
  paused_at: string | null;
  paused_by: string | null;
  reason: string | null;
}

/** By name; a job that nothing was ever set for is not among them. */
export function readJobStates(ledger: Ledger, environment: string): Map<string, JobState> {
  const rows = ledger
    .prepare<[string], StoredState>(
      "SELECT job, since, paused_at, paused_by, reason FROM job_states WHERE environment = ?",
    )
    .all(environment);
  return new Map(
    rows.map((row) => [
      row.job,
      {
        job: row.job,
        since: row.since,
        pausedAt: row.paused_at,
        pausedBy: row.paused_by,
        reason: row.reason,
      },
    ]),
  );
}

/** From now on something is there to run these jobs; those of which that is known stay. */
export function expectJobs(
  ledger: Ledger,
  environment: string,
  jobs: readonly string[],
  since: Date,
): void {
  const statement = ledger.prepare(
    `INSERT INTO job_states (environment, job, since) VALUES (@environment, @job, @since)
     ON CONFLICT (environment, job) DO UPDATE SET since = coalesce(since, @since)`,
  );
  ledger
    .transaction(() => {
      for (const job of jobs) statement.run({ environment, job, since: since.toISOString() });
    })
    .immediate();
}

/** Nothing is there any more to run the jobs of an environment, but for those that are named. */
export function expectNoJobs(ledger: Ledger, environment: string, but: readonly string[]): void {
  ledger
    .prepare(
      `UPDATE job_states SET since = NULL
       WHERE environment = ? AND job NOT IN (SELECT value FROM json_each(?))`,
    )
    .run(environment, JSON.stringify(but));
}

/** @returns false where it was paused already, which then stays as it was */
export function pauseJob(
  ledger: Ledger,
  pause: { environment: string; job: string; at: Date; by: string; reason: string | null },
): boolean {
  const { changes } = ledger
    .prepare(
      `INSERT INTO job_states (environment, job, paused_at, paused_by, reason)
       VALUES (@environment, @job, @at, @by, @reason)
       ON CONFLICT (environment, job) DO UPDATE
         SET paused_at = @at, paused_by = @by, reason = @reason WHERE paused_at IS NULL`,
    )
    .run({ ...pause, at: pause.at.toISOString() });
  return changes > 0;
}

/** @returns false where it was not paused */
export function resumeJob(ledger: Ledger, environment: string, job: string): boolean {
  const { changes } = ledger
    .prepare(
      `UPDATE job_states SET paused_at = NULL, paused_by = NULL, reason = NULL
       WHERE environment = ? AND job = ? AND paused_at IS NOT NULL`,
    )
    .run(environment, job);
  return changes > 0;
}
