import type { Cancellation } from "../cancellation.ts";
import { setTimeout as sleep } from "node:timers/promises";
import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import type { LoadedModel } from "../model.ts";
import type { Tensors } from "../tensor.ts";

/** How a model did under a steady number of callers, each of whom sends one row after the other. */
export interface Measurement {
  callers: number;
  /** Rows that were answered. */
  items: number;
  itemsPerSecond: number;
  /** Milliseconds from a row's arrival to its answer. */
  p50: number;
  p95: number;
}

export interface Load {
  callers: number;
  /** Milliseconds for which rows are sent. */
  duration: number;
  /** Milliseconds after which a row is given up. */
  patience: number;
  /** Of each row; 0 where they have none that are known. */
  tokens: number;
  signal?: Cancellation | undefined;
}

/** A model whose answers are remembered can compute all the same. */
interface Remembering {
  compute?: LoadedModel["infer"];
}

/** Computes, past the memory of answers where the model has one. */
export async function compute(
  model: LoadedModel & Remembering,
  feeds: Tensors,
  options: JobOptions,
): Promise<Tensors> {
  return await (model.compute?.(feeds, options) ?? model.infer(feeds, options));
}

/** Milliseconds after which a row is sent again that found the queue full. */
const fullWait = 20;

/**
 * Loads the model for a while, with rows of low priority: those of real callers go first.
 * @throws what `LoadedModel.infer` throws
 */
export async function measure(
  model: LoadedModel,
  feeds: Tensors,
  { callers, duration, patience, tokens, signal }: Load,
): Promise<Measurement> {
  const times: number[] = [];
  const options = { timeout: patience, priority: "low", signal, tokens } as const;
  const start = performance.now();
  const end = start + duration;
  const call = async (): Promise<void> => {
    do {
      const sent = performance.now();
      try {
        await compute(model, feeds, options);
        times.push(performance.now() - sent);
      } catch (error) {
        if (!isFull(error)) throw error;
        await sleep(fullWait);
      }
    } while (performance.now() < end);
  };
  const calls = await Promise.allSettled(Array.from({ length: callers }, call));
  const elapsed = performance.now() - start;
  const failed = calls.find((one) => one.status === "rejected");
  if (failed !== undefined) throw failed.reason;
  times.sort((one, other) => one - other);
  return {
    callers,
    items: times.length,
    itemsPerSecond: (1000 * times.length) / elapsed,
    p50: percentile(times, 0.5),
    p95: percentile(times, 0.95),
  };
}

/** The queue is full of what real callers sent: theirs goes first. */
function isFull(error: unknown): boolean {
  return error instanceof InferenceError && error.code === "inference.queue.full";
}

/** The nearest rank, of sorted values. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
