import { reasonOf, usageError } from "../../errors.ts";
import { type OutputDifference, type RunValue, compareOutputs } from "./compare-outputs.ts";
import type { Sample } from "./read-samples.ts";
import type { RuntimeSession } from "./runtime-session.ts";

export interface Measurement {
  differences: OutputDifference[];
  /** Of one thread, by the processor time it took: what else the machine does counts little. */
  itemsPerSecond: { before: number; after: number };
  /** Runs of each model that the medians are of. */
  runs: number;
}

export interface MeasureOptions {
  /** Milliseconds of processor time to spend on the clock; a few runs are made at any rate. */
  budget: number;
  signal: AbortSignal;
}

const fewestRuns = 5;
const mostRuns = 300;

/**
 * Runs two models on the same samples in turns, and compares what they give and what they take. An
 * item is a row of the first input, or a run where that has no rows.
 * @throws StudioError `usage` when the first model does not take the samples
 */
export async function measure(
  before: RuntimeSession,
  after: RuntimeSession,
  samples: readonly Sample[],
  { budget, signal }: MeasureOptions,
): Promise<Measurement> {
  const outputs = {
    before: await runAll(before, samples, signal),
    after: await runAll(after, samples, signal),
  };
  const prepared = samples.map((sample) => ({
    items: Object.values(sample)[0]?.dims[0] ?? 1,
    before: before.prepare(sample),
    after: after.prepare(sample),
  }));
  const times = { before: [] as number[], after: [] as number[] };
  let spent = 0;
  for (let run = 0; run < mostRuns && (run < fewestRuns || spent < budget); run += 1) {
    signal.throwIfAborted();
    const sample = prepared[run % prepared.length];
    if (sample === undefined) break;
    // Who comes first takes turns as well: the second finds memory warmer.
    for (const side of run % 2 === 0 ? sides : sides.toReversed()) {
      const session = side === "before" ? before : after;
      const time = await processorTime(() => session.run(sample[side]));
      times[side].push(time / Math.max(1, sample.items));
      spent += time;
    }
  }
  return {
    differences: compareOutputs(outputs.before, outputs.after),
    itemsPerSecond: { before: 1000 / median(times.before), after: 1000 / median(times.after) },
    runs: times.before.length,
  };
}

const sides = ["before", "after"] as const;

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
