import type { Ledger } from "./ledger.ts";

/**
 * Forgets runs of jobs and messages of an environment that ended before then. Of each job the last
 * run stays, the last that succeeded, and the last time of which something is known.
 * @returns how many rows went
 */
export function pruneHistory(ledger: Ledger, environment: string, before: Date): number {
  const at = before.toISOString();
  const latest = (what: string) =>
    `SELECT rowid FROM (SELECT rowid, max(${what}) FROM job_runs WHERE environment = @environment`;
  const runs = ledger.prepare(
    `DELETE FROM job_runs WHERE environment = @environment AND finished_at < @at
       AND rowid NOT IN (${latest("rowid")} GROUP BY job))
       AND rowid NOT IN (${latest("due_at")} GROUP BY job))
       AND rowid NOT IN (${latest("finished_at")} AND outcome = 'succeeded' GROUP BY job))`,
  );
  const notices = ledger.prepare(
    `DELETE FROM notices WHERE environment = @environment AND at < @at
       AND id NOT IN (SELECT notice FROM deliveries WHERE outcome IS NULL)`,
  );
  return ledger
    .transaction(
      () => runs.run({ environment, at }).changes + notices.run({ environment, at }).changes,
    )
    .immediate();
}
