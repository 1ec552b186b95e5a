import type { BenchReport } from "../bench/report/bench-report.ts";
import { type Block, fields, table, text } from "./blocks.ts";

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
