import type { SuiteOutcome } from "../deploy/bench-suite.ts";
import { changeOf } from "./bench-view.ts";
import { type Block, fields, list, table, text } from "./blocks.ts";

/** The figures of micro-benchmarks on a terminal. */
export function suiteBlocks({ id, output, benchmarks, comparison }: SuiteOutcome): Block[] {
  return [
    fields([["run", id], ...(output === null ? [] : [["output", output] as const])]),
    table(
      ["BENCHMARK", ">MEAN", ">MEDIAN", ">MIN", ">MAX", ">STDEV", ">P50", ">P95", ">P99"],
      benchmarks.map(({ name, figures, error }) => {
        if (error !== null || figures === null) return [name, `failed: ${error ?? "not timed"}`];
        const { mean, median, min, max, stdev, p50, p95, p99 } = figures;
        return [name, ...[mean, median, min, max, stdev, p50, p95, p99].map(shortTime)];
      }),
      "no benchmarks",
    ),
    ...(comparison === null ? [] : comparisonBlocks(comparison)),
  ];
}

function comparisonBlocks(comparison: NonNullable<SuiteOutcome["comparison"]>): Block[] {
  const { base, benchmarks, doubts, judgement } = comparison;
  return [
    text(`Compared with ${base.id} of ${base.startedAt}:`),
    table(
      ["BENCHMARK", ">BASE", ">NOW", ">CHANGE", ">AT LEAST", ">AT MOST", ""],
      benchmarks.map(({ name, base: before, other, ratio, judgement: found }) => [
        name,
        shortTime(before),
        shortTime(other),
        ...[ratio?.estimate, ratio?.low, ratio?.high].map(changeOf),
        found,
      ]),
      "nothing to compare",
    ),
    list(doubts),
    text(`${judgement.charAt(0).toUpperCase()}${judgement.slice(1)}.`),
  ];
}

/** `1.23 us` of milliseconds: three figures and the unit that suits them. */
function shortTime(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toPrecision(3)} s`;
  if (milliseconds >= 1) return `${milliseconds.toPrecision(3)} ms`;
  if (milliseconds >= 0.001) return `${(milliseconds * 1000).toPrecision(3)} us`;
  return `${(milliseconds * 1e6).toPrecision(3)} ns`;
}
