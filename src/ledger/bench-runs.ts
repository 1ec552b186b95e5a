import type { Ledger } from "./ledger.ts";

/** Keeps the figures of a load test. */
export function insertBenchRun(
  ledger: Ledger,
  run: {
    environment: string;
    scenario: string;
    report: { id: string; passed: boolean; summary: { startedAt: string } };
  },
): void {
  const { environment, scenario, report } = run;
  ledger
    .prepare(
      `INSERT INTO bench_runs (id, environment, scenario, started_at, passed, record)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .run(
      report.id,
      environment,
      scenario,
      report.summary.startedAt,
      report.passed ? 1 : 0,
      JSON.stringify(report),
    );
}
