import type { BenchReport } from "../bench/report/bench-report.ts";
import { readReport } from "../bench/report/bench-report.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import { isIdentifier, noneYet } from "../identifier.ts";
import {
  findBenchBaseline,
  listBenchBaselines,
  setBenchBaseline,
} from "../ledger/bench-baselines.ts";
import { findBenchRun } from "../ledger/bench-runs.ts";
import { type Ledger, openLedger, openLedgerForReading } from "../ledger/ledger.ts";
import type { Desk } from "../operation/perform.ts";

export interface SetBaseline {
  name: string;
  scenario: string;
  run: string;
  /** The run that had the name before. */
  before: string | null;
}

/**
 * Lets a name stand for a run, among those of its scenario.
 *
 * @throws StudioError (exit 2) for a name that could be an id, a run that there is not, and one
 *   that says nothing about its target
 */
export function setBaseline(
  desk: Pick<Desk, "paths" | "environment" | "now">,
  { name, run }: { name: string; run: string },
): SetBaseline {
  if (!/^[a-z][a-z0-9._-]*$/i.test(name) || name === "latest") {
    throw usageError(
      `"${name}" is no name of a baseline: letters, digits and . _ - after a letter.`,
      "studio bench baseline set main latest",
    );
  }
  if (openLedgerForReading(desk.paths.ledger) === null) throw noneYet("bench run");
  const ledger = openLedger(desk.paths.ledger);
  try {
    const { environment } = desk;
    const { id, scenario, record } = findBenchRun<BenchReport>(ledger, environment, run);
    if (!record.generator.valid) {
      const reasons = record.generator.reasons.join(" ");
      throw usageError(`Run ${id} is not valid: ${reasons}`, "Make another: `studio bench`.");
    }
    const at = desk.now().toISOString();
    const before = setBenchBaseline(ledger, { environment, name, scenario, run: id }, at);
    return { name, scenario, run: id, before };
  } finally {
    ledger.close();
  }
}

/**
 * What two texts mean: ids of runs, or names of baselines, which stand for a run of the scenario
 * of the other one.
 */
export function findCompared(
  desk: Pick<Desk, "paths" | "environment">,
  [base, other]: readonly [string, string],
): [BenchReport, BenchReport] {
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) throw noneYet("bench run");
  try {
    const { environment } = desk;
    const baselines = listBenchBaselines(ledger, environment);
    const isName = (text: string) => baselines.some(({ name }) => name === text);
    const read = (text: string) =>
      readReport(findBenchRun<BenchReport>(ledger, environment, text).record);
    const find = (text: string, beside: string): BenchReport => {
      if (!isName(text) && (isIdentifier(text) || text === "latest" || /^\d/.test(text))) {
        return read(text);
      }
      const scenario = isName(beside) ? null : read(beside).summary.scenario;
      return read(runOfBaseline(ledger, environment, text, scenario));
    };
    return [find(base, other), find(other, base)];
  } finally {
    ledger.close();
  }
}

/**
 * The id of the run that a name stands for.
 *
 * @param scenario null: the name must stand for one run alone
 * @throws StudioError (exit 2) when it stands for none
 */
function runOfBaseline(
  ledger: Ledger,
  environment: string,
  name: string,
  scenario: string | null,
): string {
  const all = listBenchBaselines(ledger, environment).filter((one) => one.name === name);
  const [only] = all;
  const run =
    scenario === null
      ? all.length === 1 && only !== undefined
        ? only.run
        : null
      : findBenchBaseline(ledger, { environment, name, scenario });
  if (run !== null) return run;
  const of = scenario === null ? "" : ` for the scenario ${scenario}`;
  throw new StudioError({
    code: "bench.baseline",
    message: `There is no baseline "${name}"${of}.`,
    hint: `\`studio bench baseline set ${name} ID\` sets it; \`studio bench list\` shows the runs.`,
    exitCode: exitCodes.usage,
  });
}

/** The report that a name stands for with a scenario, before a run is compared with it. */
export function readBaseline(
  desk: Pick<Desk, "paths" | "environment">,
  name: string,
  scenario: string,
): BenchReport {
  const ledger = openLedgerForReading(desk.paths.ledger);
  if (ledger === null) throw noneYet("bench run");
  try {
    const id = runOfBaseline(ledger, desk.environment, name, scenario);
    return readReport(findBenchRun<BenchReport>(ledger, desk.environment, id).record);
  } finally {
    ledger.close();
  }
}
