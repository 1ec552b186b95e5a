import type { Cancellation } from "../cancellation.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelCapacity } from "../model-options.ts";
import { compute, type Load, measure } from "../performance/measure.ts";
import { type Candidate, choices, propose } from "../performance/proposal.ts";
import { describeSample, type SampleInput, sampleRow } from "../performance/sample.ts";
import type { Tensors } from "../tensor.ts";

export interface OptimizeRequest {
  /** Names of models; all that are ready when absent. */
  models?: readonly string[] | undefined;
  /** Milliseconds for everything. */
  duration: number;
  /** Sizes of free dimensions by name, for what is sent. */
  dimensions?: Record<string, number> | undefined;
  /** Sets what is proposed. */
  apply: boolean;
  signal?: Cancellation | undefined;
}

type Setting = Pick<ModelCapacity, "instances" | "batchRows">;

export interface ModelReport {
  name: string;
  version: string;
  /** What was sent: zeros of these shapes. */
  sample: SampleInput[];
  before: Setting;
  candidates: Candidate[];
  skipped: (Setting & { reason: string })[];
  proposal: Setting;
  /** Items a second of the proposal over those of what was in use. */
  gain: number;
  applied: boolean;
}

export interface OptimizeReport {
  models: ModelReport[];
  skipped: { name: string; version: string; reason: string }[];
}

/** Batch caps that are tried beside the present one. */
const batchCaps = [1, 4, 8, 16, 32, 64];

/** Most callers of a measurement, and how often each is to be answered in it. */
const mostCallers = 64;
const turns = 6;

/** Rows sent before a measurement counts, and how long one may take, in milliseconds. */
const warmUpRows = 3;
const patience = 20_000;

/** Of a measurement: a shorter one says nothing, a longer one no more. Milliseconds. */
const shortest = 50;
const longest = 1000;

/** Measures loaded models under other settings than theirs, and proposes the best. */
export class PerformanceTask {
  private readonly pool: ModelPool;
  private readonly processors: number;
  private readonly freeMemory: () => number;
  private running = false;

  /**
   * @param processors the processors that models may use
   * @param freeMemory bytes of memory that are free
   */
  constructor(pool: ModelPool, processors: number, freeMemory: () => number) {
    this.pool = pool;
    this.processors = processors;
    this.freeMemory = freeMemory;
  }

  /**
   * Measures one model after the other while they serve, and leaves each with its settings, or
   * with the better ones when they are to be applied.
   * @throws InferenceError `optimize.running`, `model.unknown`, `inference.cancelled`, and what
   * `LoadedModel.infer` throws
   */
  async optimize(request: OptimizeRequest): Promise<OptimizeReport> {
    const models = this.choose(request.models);
    if (this.running) {
      throw new InferenceError(
        "optimize.running",
        "The models are being measured already.",
        "Try again when that is over.",
      );
    }
    this.running = true;
    try {
      const report: OptimizeReport = { models: [], skipped: [] };
      const ready = models.filter((model) => model.ready && model.inputs.length > 0);
      for (const model of models) {
        const { name, version } = model.record;
        if (!ready.includes(model)) {
          report.skipped.push({ name, version, reason: "it is not ready, or takes nothing" });
          continue;
        }
        const duration = request.duration / ready.length;
        report.models.push(await this.optimizeOne(model, { ...request, duration }));
      }
      return report;
    } finally {
      this.running = false;
    }
  }

  private choose(names: readonly string[] | undefined): LoadedModel[] {
    if (names === undefined) return this.pool.all();
    return names.map((name) => {
      const model = this.pool.find(name);
      if (model !== undefined) return model;
      throw new InferenceError("model.unknown", `There is no model "${name.slice(0, 100)}".`);
    });
  }

  private async optimizeOne(model: LoadedModel, request: OptimizeRequest): Promise<ModelReport> {
    const { instances, batchRows } = model.capacity;
    const trial = new Trial(model, sampleRow(model, request.dimensions ?? {}), request.signal);
    const caps = model.batching ? choices(batchRows, batchCaps, 64) : [batchRows];
    const counts = choices(
      instances,
      [1, this.processors - 1, this.processors],
      Math.max(1, this.processors),
    );
    try {
      await trial.prepare(request.duration / (caps.length + counts.length + 1));
      for (const cap of caps) await trial.run({ instances, batchRows: cap });
      const best = propose(trial.candidates, trial.find({ instances, batchRows })) ?? { batchRows };
      for (const count of counts.filter((one) => one !== instances)) {
        const setting = { instances: count, batchRows: best.batchRows };
        const reason = this.tooMuchFor(model, count - instances);
        if (reason === null) await trial.run(setting);
        else trial.skipped.push({ ...setting, reason });
      }
    } catch (error) {
      await model.resize({ instances, batchRows }).catch(() => undefined);
      throw error;
    }
    return await conclude(model, trial, { before: { instances, batchRows }, apply: request.apply });
  }

  /** Each session holds the weights again, and about as much to compute with. */
  private tooMuchFor({ record }: LoadedModel, more: number): string | null {
    const needed = 2 * record.bytes * Math.max(0, more);
    return needed > this.freeMemory() / 2 ? "there is too little free memory" : null;
  }
}

/** The settings that were tried on one model. */
class Trial {
  readonly candidates: Candidate[] = [];
  readonly skipped: ModelReport["skipped"] = [];
  readonly feeds: Tensors;
  private readonly model: LoadedModel;
  private readonly signal: Cancellation | undefined;
  private load: Load = { callers: 1, duration: shortest, patience };

  constructor(model: LoadedModel, feeds: Tensors, signal: Cancellation | undefined) {
    this.model = model;
    this.feeds = feeds;
    this.signal = signal;
  }

  /** Finds out how many callers there can be, so that each gets several answers in that time. */
  async prepare(duration: number): Promise<void> {
    const options = { timeout: patience, priority: "low", signal: this.signal } as const;
    const times: number[] = [];
    for (let row = 0; row < warmUpRows; row++) {
      const start = performance.now();
      await compute(this.model, this.feeds, options);
      times.push(performance.now() - start);
    }
    const one = Math.max(Math.min(...times), 0.01);
    const length = Math.min(Math.max(duration, shortest), longest);
    const callers = Math.min(mostCallers, Math.max(2, Math.floor(length / (one * turns))));
    this.load = { callers, duration: length, patience, signal: this.signal };
  }

  /** How a setting did; null when it was not measured. */
  find({ instances, batchRows }: Setting): Candidate | null {
    const found = this.candidates.find(
      (one) => one.instances === instances && one.batchRows === batchRows,
    );
    return found ?? null;
  }

  async run(setting: Setting): Promise<void> {
    if (this.signal?.aborted === true) {
      throw new InferenceError("inference.cancelled", "The caller went away before the answer.");
    }
    try {
      await this.model.resize(setting);
    } catch (error) {
      // A model that computes with several threads has one instance, and says so.
      if (!(error instanceof InferenceError) || error.code !== "inference.input") throw error;
      this.skipped.push({ ...setting, reason: error.message });
      return;
    }
    this.candidates.push({ ...setting, ...(await measure(this.model, this.feeds, this.load)) });
  }
}

async function conclude(
  model: LoadedModel,
  trial: Trial,
  { before, apply }: { before: Setting; apply: boolean },
): Promise<ModelReport> {
  const inUse = trial.find(before);
  const best = propose(trial.candidates, inUse);
  const { instances, batchRows } = best ?? before;
  const proposal = { instances, batchRows };
  const after = await model.resize(apply ? proposal : before);
  const { name, version } = model.record;
  return {
    name,
    version,
    sample: describeSample(trial.feeds),
    before,
    candidates: trial.candidates,
    skipped: trial.skipped,
    proposal,
    gain: best === null || inUse === null ? 1 : best.itemsPerSecond / inUse.itemsPerSecond,
    applied: after.instances !== before.instances || after.batchRows !== before.batchRows,
  };
}
