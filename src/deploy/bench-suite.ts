import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { environmentFingerprint } from "../bench/compare/fingerprint.ts";
import { type SuiteName, suiteNames } from "../bench/suite/built-in.ts";
import { type SuiteComparison, compareSuites } from "../bench/suite/compare-suites.ts";
import { type SuiteBenchmark, runSuite } from "../bench/suite/run-suite.ts";
import { type SuiteReport, readSuiteReport } from "../bench/suite/suite-report.ts";
import type { Project } from "../config/project.ts";
import { StudioError, exitCodes, reasonOf, systemCode, usageError } from "../errors.ts";
import { createIdentifier, noneYet } from "../identifier.ts";
import { findSuiteRun, insertSuiteRun } from "../ledger/bench-runs.ts";
import { openLedger, openLedgerForReading } from "../ledger/ledger.ts";
import type { Desk } from "../operation/perform.ts";
import { replaceFile } from "../replace-file.ts";
import { inconclusiveFailure, slowerFailure } from "./comparison-failures.ts";
import { modelFolders } from "./project-folders.ts";

export interface SuiteOptions {
  /** A built-in suite, all of them, or the absolute path of a file. */
  what: { suite: SuiteName | "all" } | { file: string };
  iterations: number;
  /** Absolute path, or null for none. */
  output: string | null;
  /** An earlier run: its id, the start of it, or `latest`; or the absolute path of its output. */
  baseline: { run: string } | { file: string } | null;
  /** Judges runs of different machines, too. */
  force: boolean;
  say: (text: string) => void;
}

export interface SuiteOutcome extends SuiteReport {
  comparison: SuiteComparison | null;
  /** The file that was written, or null. */
  output: string | null;
}

type SuiteDesk = Pick<Desk, "paths" | "environment" | "version" | "now" | "signal">;

/**
 * Times a suite, keeps the figures in the ledger and in a file, and compares them with an earlier
 * run.
 *
 * @throws StudioError (exit 2) for a file, an output or an earlier run that will not do
 */
export async function benchSuite(
  desk: SuiteDesk,
  project: Project,
  options: SuiteOptions,
): Promise<SuiteOutcome> {
  const { what, iterations, output, baseline, force, say } = options;
  const suite = "file" in what ? basename(what.file) : what.suite;
  if ("file" in what && !existsSync(what.file)) {
    throw usageError(`There is no file ${what.file}.`, `Suites are: ${suiteNames.join(", ")}.`);
  }
  // Before the measurement, which takes long; the baseline may be what the output replaces.
  const base = baseline === null ? null : readBase(desk, suite, baseline);
  if (output !== null) requireOwnFile(output);
  const startedAt = desk.now();
  const names = "suite" in what && what.suite !== "all" ? [what.suite] : suiteNames;
  const benchmarks = await runSuite({
    source: "file" in what ? { kind: "file", file: what.file } : { kind: "built-in", names },
    modelFolders: modelFolders(project),
    iterations,
    signal: desk.signal,
    say,
  });
  const report = reportOf(desk, { suite, startedAt, benchmarks });
  keep(desk, report);
  if (output !== null) writeOutput(output, report);
  const comparison = base === null ? null : compareSuites(base, report, { force });
  return { ...report, comparison, output };
}

/** What a run of micro-benchmarks ends with: nothing, or the error for its exit code. */
export function suiteFailure({ benchmarks, comparison }: SuiteOutcome): StudioError | null {
  const failed = benchmarks.filter(({ error }) => error !== null);
  if (failed.length > 0) {
    return new StudioError({
      code: "bench.suite.failed",
      message: `Benchmarks failed: ${failed.map(({ name, error }) => `${name} (${error})`).join(", ")}.`,
      exitCode: exitCodes.incomplete,
    });
  }
  if (comparison?.judgement === "slower") {
    const slower = comparison.benchmarks.filter(({ judgement }) => judgement === "slower");
    return slowerFailure(slower.map(({ name, ratio }) => ({ name, ratio: ratio?.estimate })));
  }
  if (comparison?.judgement !== "inconclusive") return null;
  return inconclusiveFailure(
    comparison.doubts,
    "Run more --iterations on a machine with nothing else to do; --force overrides a doubt about machines.",
  );
}

function reportOf(
  { environment, version: studio, now }: SuiteDesk,
  run: { suite: string; startedAt: Date; benchmarks: SuiteBenchmark[] },
): SuiteReport {
  const { suite, startedAt, benchmarks } = run;
  return {
    kind: "suite",
    format: 1,
    id: createIdentifier(now()),
    environment,
    suite,
    startedAt: startedAt.toISOString(),
    studio,
    fingerprint: environmentFingerprint(),
    passed: benchmarks.every(({ error }) => error === null),
    benchmarks,
  };
}

function readBase(
  { paths, environment }: SuiteDesk,
  suite: string,
  baseline: NonNullable<SuiteOptions["baseline"]>,
): SuiteReport {
  if ("file" in baseline) {
    const report = readSuiteReport(readText(baseline.file));
    if (report !== null) return report;
    throw usageError(
      `${baseline.file} is not the output of a suite.`,
      "Give what --output wrote earlier, or the id of a run.",
    );
  }
  const ledger = openLedgerForReading(paths.ledger);
  if (ledger === null) throw noneYet("suite run");
  try {
    return findSuiteRun<SuiteReport>(ledger, { environment, suite }, baseline.run);
  } finally {
    ledger.close();
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw usageError(`${file} cannot be read: ${reasonOf(error)}`, "Give another --baseline.");
  }
}

/** Somebody else's file of that name is not replaced. */
function requireOwnFile(file: string): void {
  if (!existsSync(file) || readSuiteReport(readText(file)) !== null) return;
  throw usageError(
    `${file} is there, and is not the output of a suite.`,
    "Give another name: --output FILE, or --output none.",
  );
}

function keep({ paths }: SuiteDesk, report: SuiteReport): void {
  const ledger = openLedger(paths.ledger);
  try {
    insertSuiteRun(ledger, report);
  } finally {
    ledger.close();
  }
}

function writeOutput(file: string, report: SuiteReport): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    // Figures are for others, as a CI system: they hold no secret.
    replaceFile(file, `${JSON.stringify(report, null, 2)}\n`, { mode: 0o644, flush: false });
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    throw usageError(`${file} cannot be written: ${reasonOf(error)}`, "Give another name.");
  }
}
