import type { Comparison } from "../bench/compare/compare-reports.ts";
import type { BenchReport } from "../bench/report/bench-report.ts";
import { type Block, type Tone, fields, list, table, text } from "./blocks.ts";

type Requests = BenchReport["summary"]["requests"];

/** The report of a load test on a terminal. */
export function benchBlocks({ id, url, summary, verdicts, generator }: BenchReport): Block[] {
  return [
    fields([
      ["run", id],
      ["target", url],
      ["requests", conservation(summary.requests)],
      ["rate", `${summary.rate.toFixed(1)} a second`],
      ["latency", latency(summary.latency)],
      ...(summary.model === "open"
        ? [
            ["service", latency(summary.service)] as const,
            ["send lag", latency(generator.sendLag)] as const,
          ]
        : []),
      ...Object.entries(summary.errors).map(
        ([reason, failures]) => ["failed", `${failures} times: ${reason}`] as const,
      ),
    ]),
    table(
      ["THRESHOLD", "WAS", ""],
      verdicts.map((one) => [one.text, String(one.actual), one.passed ? "met" : "MISSED"]),
      "no thresholds",
    ),
    text(judgement(verdicts, generator)),
  ];
}

function latency(figures: BenchReport["summary"]["latency"]): string {
  if (figures === null) return "none";
  return `p50 ${figures.p50} ms, p95 ${figures.p95} ms, p99 ${figures.p99} ms`;
}

function judgement(
  verdicts: BenchReport["verdicts"],
  { valid, reasons }: BenchReport["generator"],
): string {
  if (!valid) return `Invalid: ${reasons.join(" ")}`;
  return verdicts.every((one) => one.passed) ? "Passed." : "Not passed.";
}

function conservation({ scheduled, ok, failed, dropped, unfinished }: Requests): string {
  const ended = `${ok} ok + ${failed} failed + ${dropped} dropped + ${unfinished} unfinished`;
  return `${scheduled} scheduled = ${ended}`;
}

/** How two runs compare. */
export function comparisonBlocks({ base, other, metrics, samples, judgement, doubts }: Comparison) {
  const kind = samples.kind === "repeat" ? "repeats" : "pieces of a run";
  const tones: Partial<Record<Comparison["judgement"], Tone>> = {
    faster: "good",
    slower: "bad",
    inconclusive: "warning",
  };
  return [
    fields([
      ["base", `${base.id}  ${base.scenario}  ${base.url}`],
      ["other", `${other.id}  ${other.scenario}  ${other.url}`],
      ["by", `${samples.base} and ${samples.other} ${kind}${samples.paired ? ", in turns" : ""}`],
    ]),
    table(
      ["FIGURE", ">BASE", ">OTHER", ">CHANGE", ">AT LEAST", ">AT MOST", ""],
      metrics.map(({ metric, base: before, other: after, ratio, judgement: found }) => [
        metric,
        `${before.toPrecision(4)} ms`,
        `${after.toPrecision(4)} ms`,
        ...[ratio?.estimate, ratio?.low, ratio?.high].map(changeOf),
        found,
      ]),
      "nothing to compare",
    ),
    list(doubts),
    text(`${judgement.charAt(0).toUpperCase()}${judgement.slice(1)}.`, tones[judgement]),
  ];
}

/** `+12.3 %` of a ratio of 1.123. */
export function changeOf(ratio: number | undefined): string {
  if (ratio === undefined) return "";
  const percent = (ratio - 1) * 100;
  return `${percent < 0 ? "" : "+"}${percent.toFixed(1)} %`;
}
