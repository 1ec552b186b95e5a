import type { Cancellation } from "../cancellation.ts";
import { InferenceError } from "../inference-error.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelCapacity } from "../model-options.ts";
import type { Tensors } from "../tensor.ts";
import { compute, type Load, measure } from "./measure.ts";
import type { Candidate } from "./proposal.ts";

export interface TrialInput {
  /** One row. */
  feeds: Tensors;
  tokens?: number;
  /** What the others are compared with. */
  inUse: ModelCapacity;
  /** By `performance.now()`: from then on no other setting is tried. */
  until: number;
  signal: Cancellation | undefined;
}

export type SkippedSetting = ModelCapacity & { reason: string };

/** Most callers of a measurement, and how often each is to be answered in it. */
const mostCallers = 64;
const turns = 6;

/** Rows sent before a measurement counts, and how long one may take, in milliseconds. */
const warmUpRows = 3;
const patience = 20_000;

/** Of a measurement: a shorter one says nothing, a longer one no more. Milliseconds. */
const shortest = 50;
const longest = 1000;

/** The settings that were tried on one model. */
export class Trial {
  readonly candidates: Candidate[] = [];
  readonly skipped: SkippedSetting[] = [];
  readonly feeds: Tensors;
  /** Of each row; 0 where rows have none that are known. */
  private readonly tokens: number;
  private readonly inUse: ModelCapacity;
  private readonly until: number;
  private readonly model: LoadedModel;
  private readonly signal: Cancellation | undefined;
  private load: Load = { callers: 1, duration: shortest, patience, tokens: 0 };

  constructor(model: LoadedModel, { feeds, tokens = 0, inUse, until, signal }: TrialInput) {
    this.model = model;
    this.feeds = feeds;
    this.tokens = tokens;
    this.inUse = inUse;
    this.until = until;
    this.signal = signal;
  }

  /** Finds out how many callers there can be, so that each gets several answers in that time. */
  async prepare(duration: number): Promise<void> {
    const { tokens, signal } = this;
    const options = { timeout: patience, priority: "low", signal, tokens } as const;
    const times: number[] = [];
    for (let row = 0; row < warmUpRows; row++) {
      const start = performance.now();
      await compute(this.model, this.feeds, options);
      times.push(performance.now() - start);
    }
    const one = Math.max(Math.min(...times), 0.01);
    const length = Math.min(Math.max(duration, shortest), longest);
    const callers = Math.min(mostCallers, Math.max(2, Math.floor(length / (one * turns))));
    this.load = { callers, duration: length, patience, signal, tokens };
  }

  /** How a setting did; null when it was not measured. */
  find(setting: ModelCapacity): Candidate | null {
    return this.candidates.find((one) => isSame(one, setting)) ?? null;
  }

  async run(setting: ModelCapacity): Promise<void> {
    if (this.signal?.aborted === true) {
      throw new InferenceError("inference.cancelled", "The caller went away before the answer.");
    }
    if (performance.now() > this.until && !isSame(setting, this.inUse)) {
      this.skipped.push({ ...setting, reason: "there was no time left" });
      return;
    }
    try {
      await this.model.resize(setting);
    } catch (error) {
      // A model that computes with several threads has one instance, and says so.
      if (!(error instanceof InferenceError) || error.code !== "inference.input") throw error;
      this.skipped.push({ ...setting, reason: error.message });
      return;
    }
    const measured = await measure(this.model, this.feeds, this.load);
    this.candidates.push({ ...setting, rowTokens: this.tokens, ...measured });
  }
}

function isSame(one: ModelCapacity, other: ModelCapacity): boolean {
  return (
    one.instances === other.instances &&
    one.batchRows === other.batchRows &&
    one.batchTokens === other.batchTokens
  );
}
