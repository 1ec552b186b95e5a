import { finishJobRun, listUnfinishedRuns } from "../../ledger/job-runs.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { endGroup } from "../../shell/process-group.ts";
import { isAlive } from "../../shell/process-identity.ts";

/**
 * Ends the runs whose process died: what is left of their programs is stopped, for nobody looks
 * after it, and they are noted as lost. Several may do so at the same time.
 */
export async function settleLost(
  ledger: Ledger,
  environment: string,
  now: () => Date,
): Promise<void> {
  for (const run of listUnfinishedRuns(ledger, environment)) {
    if (isAlive(run.process)) continue;
    if (run.group !== null) await endGroup(run.group, 10_000);
    const reason = `what ran it (process ${run.process.pid}) died`;
    finishJobRun(ledger, run.id, { at: now().toISOString(), outcome: "lost", reason });
  }
}
