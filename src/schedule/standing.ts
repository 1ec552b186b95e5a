import type { JobOutcome, JobRun } from "../ledger/job-runs.ts";
import { isAlive } from "../shell/process-identity.ts";

export type Standing = JobOutcome | "waiting" | "running";

/** How a run stands; one whose process died is lost, although nobody has written that yet. */
export function standingOf(run: JobRun): Standing {
  if (run.outcome !== null) return run.outcome;
  if (!isAlive(run.process)) return "lost";
  return run.startedAt === null ? "waiting" : "running";
}
