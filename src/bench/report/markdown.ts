import type { Comparison } from "../compare/compare-reports.ts";
import { describeVerdict } from "../judge/threshold.ts";
import type { BenchReport } from "./bench-report.ts";

/** A run in a few lines of Markdown, as the summary of a CI job shows it. */
export function markdownText(report: BenchReport, comparison: Comparison | null): string {
  const { summary, verdicts, id, url } = report;
  const { requests, latency, rate, errorRate } = summary;
  const time = (value: number | undefined) => (value === undefined ? "none" : `${round(value)} ms`);
  const verdict = verdictOf(report);
  const lines = [
    `### Load test ${cell(summary.scenario)}: ${cell(verdict)}`,
    "",
    "| p50 | p95 | p99 | rate | errors | requests |",
    "|---|---|---|---|---|---|",
    `| ${time(latency?.p50)} | ${time(latency?.p95)} | ${time(latency?.p99)} | ${round(rate)}/s | ${round(errorRate * 100)} % | ${requests.scheduled} |`,
    "",
    ...verdicts.map(
      (one) => `- ${one.passed ? "met" : "**missed**"}: ${cell(describeVerdict(one))}`,
    ),
    ...(comparison === null ? [] : compared(comparison)),
    "",
    `Run ${id} of ${cell(url)}.`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

function verdictOf({ reachable, generator, aborted, passed }: BenchReport): string {
  if (!reachable) return "not reachable";
  if (!generator.valid) return `invalid: ${generator.reasons.join(" ")}`;
  if (aborted !== null) return `ended early: ${aborted} was missed`;
  return passed ? "passed" : "not passed";
}

function compared({ judgement, metrics, base, doubts }: Comparison): string[] {
  const changes = metrics.map(({ metric, ratio }) => {
    return ratio === null ? metric : `${metric} ${round((ratio.estimate - 1) * 100)} %`;
  });
  const line = `Beside run ${base.id}: **${judgement}** (${changes.join(", ")})`;
  return ["", line, ...doubts.map((doubt) => `- ${cell(doubt)}`)];
}

/** Text that is no markup, in one line. */
function cell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, "\\$&").replaceAll("\n", " ");
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
