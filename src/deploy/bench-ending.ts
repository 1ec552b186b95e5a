import { appendFile } from "node:fs/promises";
import { type Comparison, compareReports } from "../bench/compare/compare-reports.ts";
import { describeVerdict } from "../bench/judge/threshold.ts";
import type { BenchReport } from "../bench/report/bench-report.ts";
import { markdownText } from "../bench/report/markdown.ts";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import { comparisonFailure } from "./compare-bench.ts";

export interface BenchEnding {
  /** Null when there is nothing to compare with. */
  comparison: Comparison | null;
  /** The error for the exit code; null when all is well. */
  error: StudioError | null;
}

/** @param base the run that the report is compared with, or null */
export function benchEnding(report: BenchReport, base: BenchReport | null): BenchEnding {
  const options = { paired: false, force: false };
  const comparison = base === null ? null : compareReports(base, report, options);
  const slower = comparison === null ? null : comparisonFailure(comparison);
  return { comparison, error: benchFailure(report) ?? slower };
}

/**
 * Adds a run to the summary that GitHub shows of a step.
 *
 * @returns why it could not be written, or null: a run does not fail for it
 */
export async function appendSummary(
  file: string,
  report: BenchReport,
  comparison: Comparison | null,
): Promise<string | null> {
  const written = appendFile(file, markdownText(report, comparison));
  return written.then(
    () => null,
    (error: unknown) => reasonOf(error),
  );
}

/** What a run ends with: nothing, or the error for its exit code. */
function benchFailure(report: BenchReport): StudioError | null {
  const { valid, reasons } = report.generator;
  if (report.passed && valid) return null;
  if (!report.reachable) {
    return new StudioError({
      code: "bench.unreachable",
      message: `${report.url} gave not a single answer.`,
      hint: "`studio status` shows what is serving.",
      exitCode: exitCodes.unavailable,
    });
  }
  if (!valid) {
    return new StudioError({
      code: "bench.invalid",
      message: `The run says nothing about its target: ${reasons.join(" ")}`,
      hint: "Run it again on a machine with less to do, or with less load or more --workers.",
      exitCode: exitCodes.inconclusive,
      details: { reasons },
    });
  }
  if (report.aborted !== null) {
    return new StudioError({
      code: "bench.aborted",
      message: `The run was ended early, because ${report.aborted} was missed.`,
      exitCode: exitCodes.checkFailed,
    });
  }
  const missed = report.verdicts.filter((verdict) => !verdict.passed);
  return new StudioError({
    code: "bench.missed",
    message: `Thresholds were missed: ${missed.map(describeVerdict).join(", ")}.`,
    exitCode: exitCodes.checkFailed,
  });
}
