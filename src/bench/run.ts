import { usageError } from "../errors.ts";
import { play } from "./engine/play.ts";
import { judgeValidity } from "./judge/validity.ts";
import type { Validity } from "./judge/validity.ts";
import type { GeneratorHealth } from "./measure/generator-health.ts";
import type { Recording } from "./measure/recording.ts";
import { summarize } from "./measure/summary.ts";
import { planRun, requireUsers } from "./scenario/plan.ts";
import type { BenchOverrides } from "./scenario/plan.ts";
import type { Scenario } from "./scenario/schema.ts";
import { loadScenario } from "./scenario/scenario-files.ts";
import type { BenchProgress, BenchSummary } from "./measure/summary.ts";
import type { Target } from "./target.ts";
import { judge, parseThreshold } from "./judge/threshold.ts";
import type { Verdict } from "./judge/threshold.ts";

interface Running {
  /** Instead of the scenario's own, when given; an empty list judges nothing. */
  thresholds?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: BenchProgress) => void) | undefined;
}

export interface BenchInput extends Running {
  name: string;
  /** Where scenarios are looked for: the project's folder first, then the bundled one. */
  folders: readonly string[];
  target: Target;
  overrides?: BenchOverrides | undefined;
}

export interface BenchResult {
  summary: BenchSummary;
  verdicts: Verdict[];
  /** Those of the summary's figures, by kind of request: see Histogram. */
  histograms: { tags: Record<string, { response: string; service: string }>; sendLag: string };
  /** How well the load was generated; a run that is not valid says nothing about its target. */
  generator: GeneratorHealth & Validity;
  /** The target answered, every threshold is met, and the run was not interrupted. */
  passed: boolean;
  /** False when the target did not give a single answer. */
  reachable: boolean;
}

/**
 * Runs a scenario by name and judges it.
 *
 * @throws StudioError (exit 2) for an unknown or invalid scenario, threshold, target or override.
 */
export async function runBench(input: BenchInput): Promise<BenchResult> {
  const scenario = await loadScenario(input.name, input.folders);
  return measure(scenario, input.target, input);
}

export interface QuickInput extends Running {
  users: number;
  /** Of each user: 50 users with 10 requests are 500 requests. */
  requests: number;
  url: string;
  headers?: Record<string, string>;
  /** Trusts whatever certificate the target shows. */
  insecure?: boolean | undefined;
}

/** GETs one address with so many users, so many times each; judged by `thresholds` only. */
export async function runQuickBench(input: QuickInput): Promise<BenchResult> {
  const { scenario, target: place } = quickScenario(input);
  const target = { ...place, insecure: input.insecure === true };
  return measure(scenario, target, { thresholds: [], ...input });
}

/**
 * The scenario and target of a quick run of one address.
 *
 * @throws StudioError (exit 2) when the address or the number of requests makes no sense.
 */
export function quickScenario(input: Pick<QuickInput, "users" | "requests" | "url" | "headers">): {
  scenario: Scenario;
  target: Target;
} {
  const { users, requests, headers } = input;
  const url = URL.parse(input.url);
  if (url === null) {
    throw usageError(
      "The address of the quick run is not a complete one.",
      "Give it like http://127.0.0.1:8000/health/live.",
    );
  }
  requireUsers(users);
  if (!Number.isInteger(requests) || requests < 1 || requests > 1_000_000) {
    throw usageError(
      `${requests} requests per user: a whole number from 1 to 1000000 is needed.`,
      "Try --requests 10.",
    );
  }
  const timeout = 10_000;
  const path = `${url.pathname}${url.search}`;
  const scenario: Scenario = {
    name: "quick",
    description: "One address",
    users,
    // An upper bound: a request takes at most the time-out and the longest pause after it.
    duration: Math.min(requests * (timeout + 1000), 24 * 3_600_000),
    rampUp: 0,
    warmUp: 0,
    thinkTime: 0,
    timeout,
    requests: [{ method: "GET", path, headers: {}, weight: 1, expect: {} }],
    thresholds: [],
    open: null,
    requestsPerUser: requests,
  };
  const base = new URL(url);
  base.pathname = "";
  base.search = "";
  base.hash = "";
  return { scenario, target: { url: base.href, headers: headers ?? {} } };
}

async function measure(
  scenario: Scenario,
  target: Target,
  running: Running & { overrides?: BenchOverrides | undefined },
): Promise<BenchResult> {
  const { overrides, signal, onProgress } = running;
  // Before the load: a slip in a threshold must not cost a run.
  const thresholds = (running.thresholds ?? scenario.thresholds).map(parseThreshold);
  const plan = planRun(scenario, overrides ?? {});
  const { recording, facts, generator } = await play({ plan, target, signal, onProgress });
  const summary = summarize(recording, facts);
  const validity = judgeValidity(generator, summary);
  const verdicts = judge(thresholds, summary);
  const reachable = Object.keys(summary.statuses).length > 0;
  const met = verdicts.every((verdict) => verdict.passed);
  const passed = reachable && !summary.interrupted && met;
  const health = { ...generator, ...validity };
  const histograms = textsOf(recording);
  return { summary, verdicts, generator: health, histograms, passed, reachable };
}

function textsOf({ tags, sendLag }: Recording): BenchResult["histograms"] {
  const texts = [...tags].map(([name, { response, service }]) => {
    return [name, { response: response.toText(), service: service.toText() }] as const;
  });
  return { tags: Object.fromEntries(texts), sendLag: sendLag.toText() };
}
