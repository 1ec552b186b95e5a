import type { Ledger } from "./ledger.ts";

/** A run that later ones of the same scenario are compared with, by a name that stays. */
export interface BenchBaseline {
  environment: string;
  name: string;
  scenario: string;
  /** Id of the run. */
  run: string;
}

/** @returns the run that had the name before, or null */
export function setBenchBaseline(
  ledger: Ledger,
  baseline: BenchBaseline,
  at: string,
): string | null {
  return ledger
    .transaction(() => {
      const { environment, name, scenario } = baseline;
      const before = findBenchBaseline(ledger, { environment, name, scenario });
      ledger
        .prepare(
          `INSERT INTO bench_baselines (environment, name, scenario, run, set_at)
           VALUES (@environment, @name, @scenario, @run, @at)
           ON CONFLICT (environment, name, scenario) DO UPDATE SET run = @run, set_at = @at`,
        )
        .run({ ...baseline, at });
      return before;
    })
    .immediate();
}

/** The id of the run that a name stands for with a scenario; null when it stands for none. */
export function findBenchBaseline(
  ledger: Ledger,
  wanted: Omit<BenchBaseline, "run">,
): string | null {
  const found = ledger
    .prepare(
      `SELECT run FROM bench_baselines
       WHERE environment = @environment AND name = @name AND scenario = @scenario`,
    )
    .pluck()
    .get(wanted);
  return typeof found === "string" ? found : null;
}

/** All baselines of an environment, by name and scenario. */
export function listBenchBaselines(ledger: Ledger, environment: string): BenchBaseline[] {
  return ledger
    .prepare(
      `SELECT environment, name, scenario, run FROM bench_baselines
       WHERE environment = ? ORDER BY name, scenario`,
    )
    .all(environment) as BenchBaseline[];
}
