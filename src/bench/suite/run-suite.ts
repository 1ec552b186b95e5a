import { StudioError, exitCodes } from "../../errors.ts";
import { type SuiteFigures, figuresOf, medianOf } from "./figures.ts";
import { playRound } from "./play-round.ts";
import type { SuiteSource } from "./protocol.ts";
import type { Timing } from "./time-calls.ts";

export interface SuiteBenchmark {
  name: string;
  /** Null when it was not timed once. */
  figures: SuiteFigures | null;
  /** How many calls were timed as one in the last round. */
  callsPerIteration: number;
  /** The median of each round, in milliseconds: what a comparison stands on. */
  rounds: number[];
  /** Why it failed, or null. */
  error: string | null;
}

export interface SuiteInput {
  source: SuiteSource;
  /** Absolute paths of folders with models. */
  modelFolders: readonly string[];
  /** Of each benchmark, over all rounds. */
  iterations: number;
  signal: AbortSignal;
  say: (text: string) => void;
}

/** Enough to tell what differs from one start to the next. */
const mostRounds = 10;

/**
 * Times each benchmark of a suite, a part of the iterations in each of ten threads. The benchmarks
 * take turns, so that what the machine does besides meets all of them.
 *
 * @throws StudioError (exit 2) when a file cannot be loaded or exports no function
 */
export async function runSuite(input: SuiteInput): Promise<SuiteBenchmark[]> {
  const { iterations, signal, say, ...what } = input;
  const rounds = Math.min(mostRounds, iterations);
  const names = new Set<string>();
  const timings = new Map<string, Timing[]>();
  const failures = new Map<string, string>();
  for (let round = 0; round < rounds; round += 1) {
    const share = shareOf(iterations, round, rounds);
    const except = [...failures.keys()];
    const task = { ...what, iterations: share, reversed: round % 2 === 1, except };
    const outcome = await playRound(task, signal, (name) => {
      say(`round ${round + 1} of ${rounds}  ${name}`);
    });
    if (outcome.refused !== null) throw refused(input.source, outcome.refused);
    for (const name of outcome.names) names.add(name);
    for (const [name, reason] of outcome.failures) failures.set(name, reason);
    for (const [name, timing] of outcome.timings) {
      timings.set(name, [...(timings.get(name) ?? []), timing]);
    }
  }
  return [...names].map((name) => {
    const error = failures.get(name) ?? null;
    return { name, error, ...join(timings.get(name) ?? []) };
  });
}

/** The parts of the whole add up to it. */
function shareOf(whole: number, part: number, parts: number): number {
  return Math.floor(((part + 1) * whole) / parts) - Math.floor((part * whole) / parts);
}

function join(timings: readonly Timing[]): Omit<SuiteBenchmark, "name" | "error"> {
  return {
    figures: figuresOf(timings.flatMap(({ times }) => times)),
    callsPerIteration: timings.at(-1)?.callsPerIteration ?? 0,
    rounds: timings.map(({ times }) => medianOf(times.toSorted((left, right) => left - right))),
  };
}

function refused(source: SuiteSource, reason: string): Error {
  // What comes with studio can always be made ready.
  if (source.kind === "built-in") return new Error(`The suite cannot be loaded: ${reason}`);
  return new StudioError({
    code: "bench.suite.file",
    message: `The benchmarks of ${source.file} cannot be loaded: ${reason}.`,
    hint: "It is to be an ES module (.js, .mjs or .ts) whose exported functions are the benchmarks.",
    exitCode: exitCodes.usage,
  });
}
