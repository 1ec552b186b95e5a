import { type Comparison, compareReports } from "../bench/compare/compare-reports.ts";
import { type RunProgress, runInterleaved } from "../bench/run.ts";
import { requireOwnMachine } from "../bench/target-place.ts";
import { StudioError, exitCodes, usageError } from "../errors.ts";
import type { Desk } from "../operation/perform.ts";
import { inconclusiveFailure, slowerFailure } from "./comparison-failures.ts";
import { findCompared } from "./bench-baselines.ts";
import { benchFolders } from "./bench-folders.ts";
import { recordRun } from "./record-bench-run.ts";
import type { Workplace } from "./workplace.ts";

/** Compares two runs that are kept; each is an id, the start of one, `latest`, or a baseline. */
export function compareRuns(
  desk: Pick<Desk, "paths" | "environment">,
  pair: readonly [base: string, other: string],
  force: boolean,
): Comparison {
  const [base, other] = findCompared(desk, pair);
  return compareReports(base, other, { paired: false, force });
}

export interface CompareAddressesOptions {
  urls: readonly [base: string, other: string];
  scenario: string;
  repeats: number;
  /** Milliseconds of one repeat. */
  duration: number | undefined;
  remote: boolean;
  insecure: boolean;
  force: boolean;
  onProgress?: ((progress: RunProgress) => void) | undefined;
}

/** Plays a scenario against two addresses in turns, keeps both runs, and compares them. */
export async function compareAddresses(
  place: Workplace,
  options: CompareAddressesOptions,
): Promise<Comparison> {
  const { urls, scenario, repeats, duration, insecure, force } = options;
  if (!options.remote) for (const url of urls) await requireOwnMachine(url);
  const [base, other] = urls;
  const results = await runInterleaved({
    name: scenario,
    folders: benchFolders(place.project),
    targets: [
      { url: base, insecure },
      { url: other, insecure },
    ],
    overrides: { duration },
    repeats,
    signal: place.desk.signal,
    onProgress: options.onProgress,
  });
  place.desk.signal.throwIfAborted();
  const reports = results.map((result, index) =>
    recordRun(place, scenario, index === 0 ? base : other, result),
  );
  for (const { reachable, url } of reports) {
    if (!reachable) throw unreachable(url);
  }
  const [left, right] = reports;
  if (left === undefined || right === undefined) throw new Error("A comparison has two sides.");
  return compareReports(left, right, { paired: true, force });
}

/** What a comparison ends with: nothing, or the error for its exit code. */
export function comparisonFailure({ judgement, metrics, doubts }: Comparison): StudioError | null {
  if (judgement === "faster" || judgement === "same") return null;
  if (judgement === "slower") {
    const slower = metrics.filter((one) => one.judgement === "slower");
    return slowerFailure(
      slower.map(({ metric, ratio }) => ({ name: metric, ratio: ratio?.estimate })),
    );
  }
  return inconclusiveFailure(
    doubts,
    "Compare more or longer repeats (--repeat), on a machine with nothing else to do; --force overrides a doubt about machines and loads.",
  );
}

export function isAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** @throws StudioError (exit 2) when one of the two is an address and the other is not */
export function requireAlike(base: string, other: string): void {
  if (isAddress(base) === isAddress(other)) return;
  throw usageError(
    "An address is compared with an address, a run with a run.",
    "studio bench compare http://127.0.0.1:8000 http://127.0.0.1:8001",
  );
}

function unreachable(url: string): StudioError {
  return new StudioError({
    code: "bench.unreachable",
    message: `${url} gave not a single answer.`,
    hint: "Start what is to be compared, then run the command again.",
    exitCode: exitCodes.unavailable,
  });
}
