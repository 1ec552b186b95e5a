import { loadDigest } from "./compare/load.ts";
import { samplesOf } from "./compare/samples.ts";
import type { Samples } from "./compare/samples.ts";
import { joinRepeats } from "./engine/join-repeats.ts";
import type { Measurement } from "./engine/measurement.ts";
import { judge } from "./judge/threshold.ts";
import type { Threshold, Verdict } from "./judge/threshold.ts";
import { judgeValidity } from "./judge/validity.ts";
import type { Validity } from "./judge/validity.ts";
import type { GeneratorHealth } from "./measure/generator-health.ts";
import type { Recording } from "./measure/recording.ts";
import { summarize } from "./measure/summary.ts";
import type { BenchSummary } from "./measure/summary.ts";
import type { Scenario } from "./scenario/schema.ts";

export interface BenchResult {
  summary: BenchSummary;
  verdicts: Verdict[];
  /** Those of the summary's figures, by kind of request: see Histogram. */
  histograms: { tags: Record<string, { response: string; service: string }>; sendLag: string };
  /** How well the load was generated; a run that is not valid says nothing about its target. */
  generator: GeneratorHealth & Validity;
  /** The target answered, every threshold is met, and the run was not interrupted. */
  passed: boolean;
  /** The threshold that ended the run early, or null. */
  aborted: string | null;
  /** False when the target did not give a single answer. */
  reachable: boolean;
  /** What another run is compared with. */
  samples: Samples;
  /** Equal for runs that ask the same of their target. */
  load: string;
}

/** The repeats of a run, put together and judged. */
export function resultOf(
  plan: Scenario,
  thresholds: readonly Threshold[],
  repeats: readonly [Measurement, ...Measurement[]],
): Omit<BenchResult, "aborted"> {
  const { recording, facts, generator } = joinRepeats(repeats);
  const summary = summarize(recording, facts);
  const validity = judgeValidity(generator, summary);
  const verdicts = judge(thresholds, summary);
  const reachable = Object.keys(summary.statuses).length > 0;
  const met = verdicts.every((verdict) => verdict.passed);
  return {
    summary,
    verdicts,
    generator: { ...generator, ...validity },
    histograms: textsOf(recording),
    passed: reachable && !summary.interrupted && met,
    reachable,
    samples: samplesOf(repeats.map((one) => one.recording)),
    load: loadDigest(plan),
  };
}

function textsOf({ tags, sendLag }: Recording): BenchResult["histograms"] {
  const texts = [...tags].map(([name, { response, service }]) => {
    return [name, { response: response.toText(), service: service.toText() }] as const;
  });
  return { tags: Object.fromEntries(texts), sendLag: sendLag.toText() };
}
