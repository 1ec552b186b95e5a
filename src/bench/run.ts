import { usageError } from "../errors.ts";
import type { Measurement } from "./engine/measurement.ts";
import { play } from "./engine/play.ts";
import { AbortWatch } from "./judge/abort.ts";
import { requireTags } from "./judge/tags.ts";
import { parseThreshold } from "./judge/threshold.ts";
import type { BenchProgress } from "./measure/summary.ts";
import { resultOf } from "./result.ts";
import type { BenchResult } from "./result.ts";
import { tagsOf } from "./scenario/flows.ts";
import { planRun } from "./scenario/plan.ts";
import type { BenchOverrides } from "./scenario/plan.ts";
import { type QuickLoad, quickScenario } from "./scenario/quick.ts";
import type { Scenario } from "./scenario/schema.ts";
import { loadScenario } from "./scenario/scenario-files.ts";
import type { Target } from "./target.ts";

/** Where a run stands that may play its scenario several times. */
export interface RunProgress extends BenchProgress {
  scenario: string;
  /** From 1. */
  play: number;
  plays: number;
  /** The requests of a run that ends with their number, or null. */
  requestsOfAll: number | null;
}

interface Running {
  /** Instead of the scenario's own, when given; an empty list judges nothing. */
  thresholds?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: RunProgress) => void) | undefined;
}

export interface BenchInput extends Running {
  name: string;
  /** Where scenarios are looked for: the project's folder first, then the bundled one. */
  folders: readonly string[];
  target: Target;
  overrides?: BenchOverrides | undefined;
  /** How often the scenario is played; the repeats are judged together. 1 by default. */
  repeats?: number | undefined;
}

/**
 * Runs a scenario by name and judges it.
 *
 * @throws StudioError (exit 2) for an unknown or invalid scenario, threshold, target or override.
 */
export async function runBench(input: BenchInput): Promise<BenchResult> {
  const scenario = await loadScenario(input.name, input.folders);
  const [result] = await measure(scenario, [input.target], input);
  return result ?? nothing();
}

export interface InterleavedInput extends Omit<BenchInput, "target" | "repeats"> {
  targets: readonly [Target, Target];
  repeats: number;
}

/**
 * Plays a scenario against two targets in turns, so that what happens to the machine meanwhile
 * happens to both: the n-th repeats of the two were beside each other.
 *
 * @throws StudioError (exit 2) as runBench
 */
export async function runInterleaved(input: InterleavedInput): Promise<[BenchResult, BenchResult]> {
  const scenario = await loadScenario(input.name, input.folders);
  const [one = nothing(), other = nothing()] = await measure(scenario, input.targets, input);
  return [one, other];
}

export interface QuickInput extends Running, QuickLoad {
  /** Trusts whatever certificate the target shows. */
  insecure?: boolean | undefined;
}

/** GETs one address, as `quickScenario` says; judged by `thresholds` only. */
export async function runQuickBench(input: QuickInput): Promise<BenchResult> {
  const { scenario, target: place } = quickScenario(input);
  const target = { ...place, insecure: input.insecure === true };
  const { users, rate, workers } = input;
  const running = { ...input, thresholds: input.thresholds ?? [] };
  const overrides = { users, rate, workers };
  const [result] = await measure(scenario, [target], { ...running, overrides });
  return result ?? nothing();
}

/** @returns one result for each of the targets */
async function measure(
  scenario: Scenario,
  targets: readonly Target[],
  running: Running & Pick<BenchInput, "overrides" | "repeats">,
): Promise<BenchResult[]> {
  const { overrides, repeats = 1, signal, onProgress } = running;
  requireRepeats(repeats);
  // Before the load: a slip in a threshold must not cost a run.
  const thresholds = (running.thresholds ?? scenario.thresholds).map(parseThreshold);
  const plan = planRun(scenario, overrides ?? {});
  requireTags(thresholds, tagsOf(plan));
  const aborts = running.thresholds === undefined ? plan.aborts : [];
  const sides = targets.map((target) => ({ target, measured: [] as Measurement[] }));
  let missed: string | null = null;
  let started = 0;
  const { users, requestsPerUser } = plan;
  const requestsOfAll = requestsPerUser === undefined ? null : users * requestsPerUser;
  for (let round = 0; round < repeats && missed === null; round += 1) {
    // Who comes first changes each time: neither has the warmer machine.
    const inTurn = round % 2 === 0 ? sides : sides.toReversed();
    for (const { target, measured } of inTurn) {
      started += 1;
      const plays = repeats * sides.length;
      const stands = { scenario: plan.name, play: started, plays, requestsOfAll };
      const watch = new AbortWatch(aborts, plan.warmUp);
      const input = { plan, target, signal: anyOf(signal, watch.signal) };
      measured.push(
        await play({
          ...input,
          onProgress(progress) {
            watch.look(progress);
            onProgress?.({ ...progress, ...stands });
          },
        }),
      );
      missed ??= watch.missed;
    }
    const absent = sides.some(({ measured }) => measured.at(-1)?.recording.statuses.size === 0);
    if (absent || signal?.aborted === true) break;
  }
  return sides.map(({ measured: [first = nothing(), ...more] }) => {
    return { ...resultOf(plan, thresholds, [first, ...more]), aborted: missed };
  });
}

function anyOf(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return given === undefined ? own : AbortSignal.any([given, own]);
}

function requireRepeats(repeats: number): void {
  if (Number.isInteger(repeats) && repeats >= 1 && repeats <= 1000) return;
  throw usageError(`${repeats} repeats: a whole number from 1 to 1000 is needed.`, "--repeat 10");
}

function nothing(): never {
  throw new Error("A run without a repeat was made.");
}
