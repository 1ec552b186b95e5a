import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { reasonOf } from "../../errors.ts";
import type { FromRound, RoundTask } from "./protocol.ts";
import type { Timing } from "./time-calls.ts";

export interface RoundOutcome {
  /** Why the suite could not be made ready, or null. */
  refused: string | null;
  /** In the suite's order. */
  names: string[];
  timings: Map<string, Timing>;
  /** Why, by name. */
  failures: Map<string, string>;
}

/**
 * Times a suite in a thread of its own, whose compiled code and memory are new: what depends on
 * them differs from round to round and so shows. A function that never ends ends with the thread.
 *
 * @throws the signal's reason when it is aborted
 */
export async function playRound(
  task: RoundTask,
  signal: AbortSignal,
  onBegun: (name: string) => void,
): Promise<RoundOutcome> {
  signal.throwIfAborted();
  const outcome: RoundOutcome = {
    refused: null,
    names: [],
    timings: new Map(),
    failures: new Map(),
  };
  // The worker is TypeScript in a clone and JavaScript in the package.
  const code = new URL(`./round-worker${extname(import.meta.url)}`, import.meta.url);
  // What a benchmark prints is dropped: standard output is for the result.
  const streams = { stdout: true, stderr: true };
  const worker = new Worker(code, { workerData: task, name: "studio-suite", ...streams });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const stop = () => reject(signal.reason as Error);
  signal.addEventListener("abort", stop, { once: true });
  let begun: string | null = null;
  let over = false;
  const broken = (reason: string) => {
    // The end of a thread that has said its last word comes in the same turn.
    if (over) return;
    if (begun === null) outcome.refused = reason;
    else outcome.failures.set(begun, reason);
    resolve();
  };
  worker.on("message", (message: FromRound) => {
    if (message.kind === "begun") {
      begun = message.name;
      onBegun(begun);
    } else if (message.kind !== "done") note(outcome, message);
    over ||= message.kind === "done" || message.kind === "refused";
    if (over) resolve();
  });
  worker.on("error", (error) => broken(reasonOf(error)));
  worker.on("exit", () => broken("it ended the thread"));
  try {
    await promise;
    return outcome;
  } finally {
    signal.removeEventListener("abort", stop);
    worker.removeAllListeners("exit");
    await worker.terminate();
  }
}

function note(
  outcome: RoundOutcome,
  message: Exclude<FromRound, { kind: "begun" | "done" }>,
): void {
  if (message.kind === "refused") outcome.refused = message.reason;
  else if (message.kind === "ready") outcome.names = message.names;
  else if (message.kind === "timed") outcome.timings.set(message.name, message.timing);
  else outcome.failures.set(message.name, message.reason);
}
