import type { BenchReport } from "../bench/report/bench-report.ts";
import { type RunProgress, runBench, runQuickBench } from "../bench/run.ts";
import type { QuickLoad } from "../bench/scenario/quick.ts";
import { loadScenario } from "../bench/scenario/scenario-files.ts";
import { requireOwnMachine } from "../bench/target-place.ts";
import { usageError } from "../errors.ts";
import { openLedgerForReading } from "../ledger/ledger.ts";
import { currentRelease } from "../ledger/releases.ts";
import { benchFolders } from "./bench-folders.ts";
import { recordRun } from "./record-bench-run.ts";
import type { ReleaseRecord } from "./release.ts";
import { nothingDeployed } from "./run-release.ts";
import type { Workplace } from "./workplace.ts";

/** What every load on an address may be told. */
export interface LoadOptions {
  thresholds?: readonly string[] | undefined;
  /** The target may be another machine. */
  remote: boolean;
  /** Whatever certificate it shows is trusted. */
  insecure: boolean;
  onProgress?: ((progress: RunProgress) => void) | undefined;
}

export interface BenchOptions extends LoadOptions {
  scenario: string;
  /** Null: the release that serves. */
  url: string | null;
  duration?: number | undefined;
  users?: number | undefined;
  scale?: number | undefined;
  rate?: number | undefined;
  workers?: number | undefined;
  /** How often it is played. */
  repeats?: number | undefined;
}

/** Load-tests the release that serves, or an address, and keeps the result in the ledger. */
export async function bench(place: Workplace, options: BenchOptions): Promise<BenchReport> {
  const { desk, project } = place;
  const { scenario, duration, users, scale, rate, workers, thresholds, insecure } = options;
  const folders = benchFolders(project);
  // A slip in its name is told before anything about what there is to load.
  await loadScenario(scenario, folders);
  const url = options.url ?? servingUrl(place);
  if (!options.remote) await requireOwnMachine(url);
  const result = await runBench({
    name: scenario,
    folders,
    target: { url, insecure },
    overrides: { duration, users, scale, rate, workers },
    repeats: options.repeats,
    thresholds,
    signal: desk.signal,
    onProgress: options.onProgress,
  });
  return recordRun(place, scenario, url, result);
}

export async function quickBench(
  place: Workplace,
  options: LoadOptions & QuickLoad,
): Promise<BenchReport> {
  if (!options.remote) await requireOwnMachine(options.url);
  const result = await runQuickBench({ ...options, signal: place.desk.signal });
  return recordRun(place, "quick", options.url, result);
}

function servingUrl({ desk, target }: Workplace): string {
  const ledger = openLedgerForReading(desk.paths.ledger);
  try {
    const row = ledger === null ? null : currentRelease(ledger, desk.environment);
    if (row === null) throw nothingDeployed(desk.environment);
    if (row.status === "stopped") throw usageError("The current release is down.", "`studio up`");
    return target.publicUrl(row.record as ReleaseRecord);
  } finally {
    ledger?.close();
  }
}
