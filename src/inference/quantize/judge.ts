import type { GraphProto } from "../onnx/messages.ts";
import { WorkerSession } from "../worker-session.ts";
import type { OutputDifference } from "./compare-outputs.ts";
import { generateSample } from "./generate-samples.ts";
import { type Speed, compare, time } from "./measure.ts";
import type { Sample } from "./read-samples.ts";
import { type RuntimeSession, openSession } from "./runtime-session.ts";

export interface Judgement {
  differences: OutputDifference[];
  /** One row in each run; with given samples, the rows each has. */
  alone: Speed;
  /** As the daemon runs them when many ask; null where it batches not even the first. */
  asked: (Speed & { rows: number }) | null;
  /** Whether the daemon computes rows of several callers together. */
  batched: { before: boolean; after: boolean };
}

export interface JudgeInput {
  /** The files of the two models. */
  before: string;
  after: string;
  /** Of the first. */
  graph: GraphProto;
  /** Null: generated ones. */
  samples: readonly Sample[] | null;
  /** Sizes of free dimensions by name, as the model's configuration has them. */
  dimensions: Readonly<Record<string, number>>;
  /** Milliseconds of processor time to measure speed for. */
  budget: number;
  signal: AbortSignal;
}

/** How many rows are computed together to say what batches gain. */
const batchRows = 8;

const generatedSamples = 4;

/**
 * Runs two models in turns, as the daemon does: row by row, and in batches where it would make them.
 * @throws StudioError `model.unloadable`, `usage`
 */
export async function judge(input: JudgeInput): Promise<Judgement> {
  const before = await openSession(input.before);
  try {
    const after = await openSession(input.after);
    try {
      return await judgeSessions(before, after, input);
    } finally {
      await after.close();
    }
  } finally {
    await before.close();
  }
}

async function judgeSessions(
  before: RuntimeSession,
  after: RuntimeSession,
  input: JudgeInput,
): Promise<Judgement> {
  const { graph, dimensions, signal } = input;
  const generate = (rows: number): Sample[] =>
    Array.from({ length: generatedSamples }, (_, seed) =>
      generateSample(before.inputs, graph, { seed, rows, dimensions }),
    );
  const batched = {
    before: await isBatched(input.before, input),
    after: await isBatched(input.after, input),
  };
  const several = generate(batchRows);
  const differences = await compare(before, after, input.samples ?? several, signal);
  const options = { budget: input.budget / 2, signal };
  const one = input.samples ?? generate(1);
  const ofOne = [
    { session: before, samples: one },
    { session: after, samples: one },
  ] as const;
  const alone = await time(...ofOne, options);
  if (!batched.before) return { differences, alone, asked: null, batched };
  const together = { session: after, samples: batched.after ? several : generate(1) };
  const speed = await time({ session: before, samples: several }, together, options);
  return { differences, alone, asked: { ...speed, rows: batchRows }, batched };
}

/** What the daemon finds at its warm-up: see `rowsAreIndependent`. */
async function isBatched(file: string, { dimensions }: JudgeInput): Promise<boolean> {
  const session = await WorkerSession.open({ file, threads: 1, warmUp: dimensions });
  try {
    return (await session.warmUp(dimensions)) === "free";
  } catch {
    // It refuses what a warm-up can make up: nothing is known.
    return false;
  } finally {
    await session.release();
  }
}
