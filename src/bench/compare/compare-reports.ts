import type { BenchReport } from "../report/bench-report.ts";
import { type SampleComparison, compareSamples, fewestSamples } from "./comparison.ts";

type Compared = Pick<BenchReport, "id" | "url" | "fingerprint" | "load" | "samples"> & {
  summary: Pick<BenchReport["summary"], "scenario" | "startedAt">;
  generator: Pick<BenchReport["generator"], "valid" | "reasons">;
};

export interface Comparison extends SampleComparison {
  base: ComparedRun;
  other: ComparedRun;
  /** Why the runs cannot be compared, or tell less than they seem to, in whole sentences. */
  doubts: string[];
}

export interface ComparedRun {
  id: string;
  scenario: string;
  startedAt: string;
  url: string;
}

export interface CompareOptions {
  paired: boolean;
  /** Compares runs that differ in more than their target, too. */
  force: boolean;
}

/** Whether the target of `other` is faster or slower than that of `base`. */
export function compareReports(
  base: Compared,
  other: Compared,
  { paired, force }: CompareOptions,
): Comparison {
  const comparison = compareSamples(base.samples, other.samples, { paired });
  const differences = [
    ...differentMachines(base, other),
    ...loads(base, other),
    ...validity(base, other),
  ];
  const doubts = [...differences, ...weaknesses(comparison)];
  const judgement = differences.length > 0 && !force ? "inconclusive" : comparison.judgement;
  return { ...comparison, judgement, doubts, base: runOf(base), other: runOf(other) };
}

function runOf({ id, url, summary }: Compared): ComparedRun {
  return { id, url, scenario: summary.scenario, startedAt: summary.startedAt };
}

/** What differs between the machines of two runs, in whole sentences. */
export function differentMachines(
  base: Pick<Compared, "fingerprint">,
  other: Pick<Compared, "fingerprint">,
): string[] {
  const keys = ["processor", "cores", "memory", "system", "node"] as const;
  return keys
    .filter((key) => base.fingerprint[key] !== other.fingerprint[key])
    .map((key) => {
      return `The machines differ in ${key}: ${base.fingerprint[key]}, then ${other.fingerprint[key]}.`;
    });
}

function loads(base: Compared, other: Compared): string[] {
  const [left, right] = [base.summary.scenario, other.summary.scenario];
  if (left !== right) return [`The scenarios differ: ${left}, then ${right}.`];
  return base.load === other.load
    ? []
    : ["The load was not the same: its users, rate or requests."];
}

function validity(base: Compared, other: Compared): string[] {
  return [base, other]
    .filter(({ generator }) => !generator.valid)
    .map(({ id, generator }) => `Run ${id} is not valid: ${generator.reasons.join(" ")}`);
}

function weaknesses({ samples }: SampleComparison): string[] {
  if (Math.min(samples.base, samples.other) < fewestSamples) {
    return [`Each side needs ${fewestSamples} repeats, or as many seconds with enough requests.`];
  }
  if (samples.kind === "repeat") return [];
  return ["A run was made once: what differs from one run to the next is not known."];
}
