import type { ProcessIdentity } from "../shell/process-identity.ts";
import type { Ledger } from "./ledger.ts";

export type JobTrigger = "crontab" | "systemd" | "daemon" | "hand";

export type JobOutcome =
  | "succeeded"
  /** It ended with another exit code than 0, or could not be started. */
  | "failed"
  | "timed-out"
  /** What ran it was told to end. */
  | "ended"
  /** A later run of the job took its place. */
  | "replaced"
  /** It was due, and the reason says why it was not run. */
  | "skipped"
  /** It was due while nothing was there to run it. */
  | "missed"
  /** What ran it died, and nobody knows how it ended. */
  | "lost";

export interface JobRun {
  id: string;
  environment: string;
  job: string;
  trigger: JobTrigger;
  /** When it was to run, UTC; null for a run by hand. */
  dueAt: string | null;
  claimedAt: string;
  /** Null while it waits, and where it never began. */
  startedAt: string | null;
  finishedAt: string | null;
  /** Null while it waits or runs, or when what ran it died. */
  outcome: JobOutcome | null;
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
  /** How many firings this row stands for: more than one only where they were missed. */
  firings: number;
  /** What runs it. */
  process: ProcessIdentity;
  /** The job's own process group, once it began. */
  group: ProcessIdentity | null;
  /** Absolute path of its output. */
  log: string | null;
}

interface StoredRun {
  id: string;
  environment: string;
  job: string;
  trigger: JobTrigger;
  due_at: string | null;
  claimed_at: string;
  started_at: string | null;
  finished_at: string | null;
  outcome: JobOutcome | null;
  reason: string | null;
  exit_code: number | null;
  signal: string | null;
  firings: number;
  process: string;
  process_group: string | null;
  log: string | null;
}

/** Keeps a run; one that another process keeps for the same time is an error of SQLite. */
export function insertJobRun(ledger: Ledger, run: JobRun): void {
  ledger
    .prepare(
      `INSERT INTO job_runs (id, environment, job, trigger, due_at, claimed_at, finished_at,
         outcome, reason, firings, process)
       VALUES (@id, @environment, @job, @trigger, @dueAt, @claimedAt, @finishedAt,
         @outcome, @reason, @firings, @process)`,
    )
    .run({ ...run, process: JSON.stringify(run.process), group: null });
}

/** Notes that the job's program is about to run. */
export function startJobRun(
  ledger: Ledger,
  id: string,
  start: { at: string; group: ProcessIdentity; log: string },
): void {
  ledger
    .prepare("UPDATE job_runs SET started_at = ?, process_group = ?, log = ? WHERE id = ?")
    .run(start.at, JSON.stringify(start.group), start.log, id);
}

export interface JobEnd {
  at: string;
  outcome: JobOutcome;
  reason?: string | null;
  exitCode?: number | null;
  signal?: string | null;
}

/** Writes the end of a run, once: of two that tell it the first counts. */
export function finishJobRun(ledger: Ledger, id: string, end: JobEnd): void {
  ledger
    .prepare(
      `UPDATE job_runs SET outcome = ?, finished_at = ?, reason = coalesce(?, reason),
         exit_code = ?, signal = ?
       WHERE id = ? AND outcome IS NULL`,
    )
    .run(end.outcome, end.at, end.reason ?? null, end.exitCode ?? null, end.signal ?? null, id);
}

/** Tells a run that goes on why it will be ended. */
export function giveReason(ledger: Ledger, id: string, reason: string): void {
  ledger.prepare("UPDATE job_runs SET reason = ? WHERE id = ? AND outcome IS NULL").run(reason, id);
}

export function readJobRun(ledger: Ledger, id: string): JobRun | null {
  const row = ledger.prepare<[string], StoredRun>("SELECT * FROM job_runs WHERE id = ?").get(id);
  return row === undefined ? null : fromStored(row);
}

/** The runs of an environment that have no end yet, oldest first. */
export function listUnfinishedRuns(ledger: Ledger, environment: string): JobRun[] {
  return ledger
    .prepare<[string], StoredRun>(
      `SELECT * FROM job_runs WHERE environment = ? AND outcome IS NULL
       ORDER BY claimed_at, rowid`,
    )
    .all(environment)
    .map(fromStored);
}

/** The latest runs first; `job` null means those of all jobs. */
export function listJobRuns(
  ledger: Ledger,
  { environment, job, limit }: { environment: string; job: string | null; limit: number },
): JobRun[] {
  return ledger
    .prepare<[string, string | null, string | null, number], StoredRun>(
      `SELECT * FROM job_runs WHERE environment = ? AND (? IS NULL OR job = ?)
       ORDER BY claimed_at DESC, rowid DESC LIMIT ?`,
    )
    .all(environment, job, job, limit)
    .map(fromStored);
}

/** The runs of all jobs that ended since then, in the order in which they were claimed. */
export function listEndedRuns(ledger: Ledger, environment: string, since: Date): JobRun[] {
  return ledger
    .prepare<[string, string], StoredRun>(
      `SELECT * FROM job_runs WHERE environment = ? AND finished_at >= ?
       ORDER BY claimed_at, rowid`,
    )
    .all(environment, since.toISOString())
    .map(fromStored);
}

/** The last run of each job, by the job's name. */
export function latestJobRuns(ledger: Ledger, environment: string): Map<string, JobRun> {
  const rows = ledger
    .prepare<[string], StoredRun>(
      `SELECT * FROM job_runs WHERE rowid IN (
         SELECT max(rowid) FROM job_runs WHERE environment = ? GROUP BY job)`,
    )
    .all(environment);
  return new Map(rows.map((row) => [row.job, fromStored(row)]));
}

/** When each job last succeeded, by the job's name; ISO 8601, UTC. */
export function lastSuccesses(ledger: Ledger, environment: string): Map<string, string> {
  const rows = ledger
    .prepare<[string], { job: string; at: string }>(
      `SELECT job, max(finished_at) AS at FROM job_runs
       WHERE environment = ? AND outcome = 'succeeded' GROUP BY job`,
    )
    .all(environment);
  return new Map(rows.map(({ job, at }) => [job, at]));
}

/**
 * The last time up to `now` of which something is known, whatever became of it. One that lies
 * ahead, since clocks can be wrong and put right, does not count.
 */
export function lastDue(
  ledger: Ledger,
  { environment, job, now }: { environment: string; job: string; now: Date },
): Date | null {
  const text = ledger
    .prepare<[string, string, string], string | null>(
      "SELECT max(due_at) FROM job_runs WHERE environment = ? AND job = ? AND due_at <= ?",
    )
    .pluck()
    .get(environment, job, now.toISOString());
  return text == null ? null : new Date(text);
}

function fromStored(row: StoredRun): JobRun {
  return {
    id: row.id,
    environment: row.environment,
    job: row.job,
    trigger: row.trigger,
    dueAt: row.due_at,
    claimedAt: row.claimed_at,
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    outcome: row.outcome,
    reason: row.reason,
    exitCode: row.exit_code,
    signal: row.signal,
    firings: row.firings,
    process: JSON.parse(row.process) as ProcessIdentity,
    group: row.process_group === null ? null : (JSON.parse(row.process_group) as ProcessIdentity),
    log: row.log,
  };
}
