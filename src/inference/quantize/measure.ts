import { reasonOf, usageError } from "../../errors.ts";
import { type OutputDifference, type RunValue, compareOutputs } from "./compare-outputs.ts";
import type { Sample } from "./read-samples.ts";
import type { RuntimeSession } from "./runtime-session.ts";

/** Items a second of one thread, by processor time: what else the machine does counts little. */
export interface Speed {
  before: number;
  after: number;
  /** After by before. */
  ratio: number;
}

/** A model and what it is to be run on. */
export interface Runner {
  session: RuntimeSession;
  samples: readonly Sample[];
}

export interface TimeOptions {
  /** Milliseconds of processor time to spend on the clock; a few runs are made at any rate. */
  budget: number;
  signal: AbortSignal;
}

const fewestRuns = 5;
const mostRuns = 300;

/**
 * Runs two models on the same samples, and compares what they give.
 * @throws StudioError `usage` when a model does not take the samples
 */
export async function compare(
  before: RuntimeSession,
  after: RuntimeSession,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<OutputDifference[]> {
  const first = await runAll(before, samples, signal);
  return compareOutputs(first, await runAll(after, samples, signal));
}

/**
 * Runs two models in turns, and tells the medians of what they take for an item: a row of the
 * first input, or a run where that has no rows.
 */
export async function time(
  before: Runner,
  after: Runner,
  { budget, signal }: TimeOptions,
): Promise<Speed> {
  const sides = [before, after].map(({ session, samples }) => ({
    session,
    prepared: samples.map((sample) => ({ items: itemsOf(sample), feeds: session.prepare(sample) })),
    times: [] as number[],
  }));
  let spent = 0;
  for (let run = 0; run < mostRuns && (run < fewestRuns || spent < budget); run += 1) {
    signal.throwIfAborted();
    // Who comes first takes turns as well: the second finds memory warmer.
    for (const { session, prepared, times } of run % 2 === 0 ? sides : sides.toReversed()) {
      const sample = prepared[run % prepared.length];
      if (sample === undefined) continue;
      const taken = await processorTime(() => session.run(sample.feeds));
      times.push(taken / sample.items);
      spent += taken;
    }
  }
  const [first = Number.NaN, second = Number.NaN] = sides.map(({ times }) => 1000 / median(times));
  return { before: first, after: second, ratio: second / first };
}

const itemsOf = (sample: Sample): number => Math.max(1, Object.values(sample)[0]?.dims[0] ?? 1);

async function runAll(
  session: RuntimeSession,
  samples: readonly Sample[],
  signal: AbortSignal,
): Promise<Record<string, RunValue>[]> {
  const outputs: Record<string, RunValue>[] = [];
  for (const [index, sample] of samples.entries()) {
    signal.throwIfAborted();
    try {
      outputs.push(await session.run(session.prepare(sample)));
    } catch (error) {
      throw usageError(
        `The model does not run on sample ${index + 1}: ${reasonOf(error)}.`,
        "Give it inputs it takes with --samples FILE.",
      );
    }
  }
  return outputs;
}

/** Milliseconds of processor time: a run is computed on the thread that asks for it. */
async function processorTime(work: () => Promise<unknown>): Promise<number> {
  // That of the process, not of the thread, which Linux counts in whole ticks.
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((one, other) => one - other);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}
