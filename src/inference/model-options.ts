import { availableParallelism } from "node:os";
import type { Care } from "./crashes/care.ts";
import type { InferenceErrorCode } from "./inference-error.ts";
import type { InstanceSettings } from "./instance.ts";
import type { LoadedModel } from "./model.ts";

/** One run of a session. */
export interface BatchRun {
  rows: number;
  /** Of the longest row, times the rows; 0 when callers did not say. */
  tokens: number;
  /** Milliseconds that each part of a request in the batch has waited. */
  queued: readonly number[];
  /** Milliseconds that the session computed. */
  milliseconds: number;
  /** True when the model refused the batch, or its worker was lost. */
  failed: boolean;
}

/** A request that was answered, in whatever way. */
export interface RequestEnd {
  rows: number;
  /** From its arrival to its answer. */
  milliseconds: number;
  outcome: InferenceErrorCode | "success";
}

export interface ModelEvents {
  /**
   * All instances of the model are warmed up; or, as it is loaded, those that could be, and its
   * `reason` says why not all.
   */
  ready(model: LoadedModel): void;
  down(model: LoadedModel, reason: string, retryIn: number): void;
  /** One batch was computed, or refused by the model. */
  ran(model: LoadedModel, run: BatchRun): void;
  /** A request ended: every one that was admitted, and every one that was turned away. */
  answered?(model: LoadedModel, end: RequestEnd): void;
  /**
   * A run takes longer than `milliseconds`. The model is not ready any more, its callers have been
   * answered, and only the end of the process frees the thread. A process that holds such a
   * thread is to end itself by SIGKILL: an ordinary exit waits for the run, and then aborts.
   */
  stuck?(model: LoadedModel, milliseconds: number): void;
}

export interface ModelOptions {
  /** Worker threads, each with a session of its own. Default: the cores but one. */
  instances?: number | undefined;
  /** Threads of one run. More than 1 is for latency: the model then has one instance. Default: 1. */
  threads?: number | undefined;
  /** Most rows in one run of the session. Default: 32. */
  batchRows?: number | undefined;
  /** Most tokens in one run: its rows times the tokens of the longest. Default: 16,384. */
  batchTokens?: number | undefined;
  /** Most rows that wait; beyond it a request is refused. Default: 1024. */
  queueRows?: number | undefined;
  /** Milliseconds after which a run is taken for stuck. Default: 120,000. */
  stuckAfter?: number | undefined;
  /** Most memory that a worker keeps for its inputs, in bytes. Default: 64 MiB. */
  slotBytes?: number | undefined;
  /** Sizes of free dimensions for the warm-up, by name. */
  warmUp?: Record<string, number> | undefined;
  /** How careful its workers are to be. Default: not at all. */
  care?: Care | undefined;
  events: ModelEvents;
  /**
   * Asked whenever a worker has read the model, before it serves. One that is told false ends, and
   * is started again like one that could not load it. Default: true.
   */
  confirm?: (() => Promise<boolean>) | undefined;
  /** Another worker file than the module's own. */
  workerFile?: URL | undefined;
}

/** What can be changed while a model serves. */
export interface ModelCapacity {
  instances: number;
  batchRows: number;
  batchTokens: number;
}

export function capacityOf(options: Omit<ModelOptions, "events">): ModelCapacity {
  const cores = Math.max(availableParallelism() - 1, 1);
  return {
    instances: (options.threads ?? 1) > 1 ? 1 : (options.instances ?? cores),
    batchRows: options.batchRows ?? 32,
    batchTokens: options.batchTokens ?? 16_384,
  };
}

export function instanceSettings(options: Omit<ModelOptions, "events">): InstanceSettings {
  return {
    threads: options.threads ?? 1,
    warmUp: options.warmUp ?? {},
    stuckAfter: options.stuckAfter ?? 120_000,
    slotBytes: options.slotBytes ?? 64 * 1024 * 1024,
    care: options.care ?? null,
    workerFile: options.workerFile,
    confirm: options.confirm,
  };
}
