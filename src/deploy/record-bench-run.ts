import { type BenchReport, benchReport } from "../bench/report/bench-report.ts";
import type { BenchResult } from "../bench/result.ts";
import { createIdentifier } from "../identifier.ts";
import { insertBenchRun } from "../ledger/bench-runs.ts";
import { openLedger } from "../ledger/ledger.ts";
import type { Workplace } from "./workplace.ts";

/** Keeps what a run measured in the ledger, under a new id. */
export function recordRun(
  { desk }: Pick<Workplace, "desk">,
  scenario: string,
  url: string,
  result: BenchResult,
): BenchReport {
  const { environment, version: studio } = desk;
  const id = createIdentifier(desk.now());
  const report = benchReport(result, { id, environment, url, studio });
  const ledger = openLedger(desk.paths.ledger);
  try {
    const { startedAt } = report.summary;
    insertBenchRun(ledger, { environment, scenario, startedAt, report });
  } finally {
    ledger.close();
  }
  return report;
}
