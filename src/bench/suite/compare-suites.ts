import { type Interval, intervalOfDifference } from "../compare/bootstrap.ts";
import { differentMachines } from "../compare/compare-reports.ts";
import {
  type Judgement,
  exponentials,
  falseAlarms,
  fewestSamples,
  judge,
} from "../compare/comparison.ts";
import type { SuiteReport } from "./suite-report.ts";

export interface BenchmarkComparison {
  name: string;
  /** Milliseconds: the geometric means of the rounds' medians. */
  base: number;
  other: number;
  /** other / base, with the interval that holds the truth; null with too few rounds. */
  ratio: Interval | null;
  judgement: Judgement;
}

export interface SuiteComparison {
  /** `slower` where one benchmark is, whatever the others are. */
  judgement: Judgement;
  base: Pick<SuiteReport, "id" | "suite" | "startedAt">;
  /** Those that both have. */
  benchmarks: BenchmarkComparison[];
  /** Why they cannot be compared, or tell less than they seem to, in whole sentences. */
  doubts: string[];
}

/**
 * Compares two runs by the medians of their rounds, each benchmark with its part of the false
 * alarms (Bonferroni).
 *
 * @param force judges runs of different machines, too
 */
export function compareSuites(
  base: SuiteReport,
  other: SuiteReport,
  { force }: { force: boolean },
): SuiteComparison {
  const pairs = other.benchmarks.flatMap((one) => {
    const before = base.benchmarks.find(({ name }) => name === one.name);
    const isTimed = before !== undefined && before.rounds.length > 0 && one.rounds.length > 0;
    return isTimed ? [{ name: one.name, base: before.rounds, other: one.rounds }] : [];
  });
  const alpha = falseAlarms / Math.max(1, pairs.length);
  const benchmarks = pairs.map((pair) => compareRounds(pair, alpha));
  const machines = differentMachines(base, other);
  const isDoubtful = pairs.length === 0 || (machines.length > 0 && !force);
  const { id, suite, startedAt } = base;
  return {
    judgement: isDoubtful ? "inconclusive" : together(benchmarks),
    base: { id, suite, startedAt },
    benchmarks,
    doubts: [
      ...machines,
      ...(pairs.length === 0 ? ["The two have no benchmark in common."] : []),
      ...(benchmarks.some(({ ratio }) => ratio === null)
        ? [`Each side needs ${fewestSamples} iterations or more.`]
        : []),
    ],
  };
}

function compareRounds(
  { name, base, other }: { name: string; base: readonly number[]; other: readonly number[] },
  alpha: number,
): BenchmarkComparison {
  const [left, right] = [base.map(Math.log), other.map(Math.log)];
  const means = { base: Math.exp(meanOf(left)), other: Math.exp(meanOf(right)) };
  if (Math.min(left.length, right.length) < fewestSamples) {
    return { name, ...means, ratio: null, judgement: "inconclusive" };
  }
  const interval = intervalOfDifference(left, right, { alpha, seed: 1, resamples: 10_000 });
  return { name, ...means, ratio: exponentials(interval), judgement: judge(interval) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** A loss is told before a gain: it is what is looked for. */
function together(compared: readonly BenchmarkComparison[]): Judgement {
  const found = new Set(compared.map(({ judgement }) => judgement));
  const order: Judgement[] = ["slower", "faster", "inconclusive"];
  return order.find((one) => found.has(one)) ?? "same";
}
