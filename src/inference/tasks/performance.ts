import type { Cancellation } from "../cancellation.ts";
import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";
import type { ModelCapacity } from "../model-options.ts";
import { type Candidate, choices, propose } from "../performance/proposal.ts";
import { describeSample, longRow, type SampleInput, sampleRow } from "../performance/sample.ts";
import { type SkippedSetting, Trial, type TrialInput } from "../performance/trial.ts";

export interface OptimizeRequest {
  /** Names of models; all that are ready when absent. */
  models?: readonly string[] | undefined;
  /** Milliseconds for everything. */
  duration: number;
  /** Milliseconds after which no further setting is tried. Default: none. */
  longest?: number | undefined;
  /** Sizes of free dimensions by name, for what is sent. */
  dimensions?: Record<string, number> | undefined;
  /** Sets what is proposed. */
  apply: boolean;
  signal?: Cancellation | undefined;
}

export interface ModelReport {
  name: string;
  version: string;
  /** What was sent: zeros of these shapes. */
  sample: SampleInput[];
  before: ModelCapacity;
  candidates: Candidate[];
  skipped: SkippedSetting[];
  proposal: ModelCapacity;
  /**
   * Items a second of the proposal over those of what was in use: of usual rows, or of long ones
   * where that is more.
   */
  gain: number;
  applied: boolean;
}

export interface OptimizeReport {
  models: ModelReport[];
  skipped: { name: string; version: string; reason: string }[];
}

/** Batch caps that are tried beside the present one. */
const batchCaps = [1, 4, 8, 16, 32, 64];

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
      const end = performance.now() + (request.longest ?? Infinity);
      const ready = models.filter((model) => model.ready && model.inputs.length > 0);
      for (const model of models) {
        const { name, version } = model.record;
        if (!ready.includes(model)) {
          report.skipped.push({ name, version, reason: "it is not ready, or takes nothing" });
          continue;
        }
        const duration = request.duration / ready.length;
        const now = performance.now();
        const until = now + (end - now) / (ready.length - report.models.length);
        report.models.push(await this.optimizeOne(model, { ...request, duration, until }));
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

  private async optimizeOne(
    model: LoadedModel,
    request: OptimizeRequest & { until: number },
  ): Promise<ModelReport> {
    const before = model.capacity;
    const { instances, batchRows } = before;
    const { dimensions = {}, signal, apply, until } = request;
    const trial = new Trial(model, {
      feeds: sampleRow(model, dimensions),
      inUse: before,
      until,
      signal,
    });
    const caps = model.batching ? choices(batchRows, batchCaps, 64) : [batchRows];
    const counts = choices(
      instances,
      [1, this.processors - 1, this.processors],
      Math.max(1, this.processors),
    );
    const long = model.batching ? longRow(model, dimensions) : null;
    const tokenCaps = long === null ? 0 : batchCaps.length;
    const duration = request.duration / (caps.length + counts.length + tokenCaps + 1);
    try {
      await trial.prepare(duration);
      for (const cap of caps) await trial.run({ ...before, batchRows: cap });
      const rows = (propose(trial.candidates, trial.find(before)) ?? before).batchRows;
      for (const count of counts.filter((one) => one !== instances)) {
        const setting = { ...before, instances: count, batchRows: rows };
        const reason = this.tooMuchFor(model, count - instances);
        if (reason === null) await trial.run(setting);
        else trial.skipped.push({ ...setting, reason });
      }
      const best = settingOf(propose(trial.candidates, trial.find(before)) ?? before);
      const longTrial =
        long === null
          ? null
          : await tryTokenCaps(model, { ...long, inUse: best, duration, until, signal });
      return await conclude(model, { before, best, trial, longTrial, apply });
    } catch (error) {
      await model.resize(before).catch(() => undefined);
      throw error;
    }
  }

  /** Each session holds the weights again, and about as much to compute with. */
  private tooMuchFor({ record }: LoadedModel, more: number): string | null {
    const needed = 2 * record.bytes * Math.max(0, more);
    return needed > this.freeMemory() / 2 ? "there is too little free memory" : null;
  }
}

/** Measures long rows under other caps of tokens; null when the model takes no such row. */
async function tryTokenCaps(
  model: LoadedModel,
  { duration, ...row }: TrialInput & { tokens: number; duration: number },
): Promise<Trial | null> {
  const best = row.inUse;
  if (performance.now() > row.until) return null;
  const trial = new Trial(model, row);
  // A cap that as many rows as there may be do not reach is none.
  const binding = batchCaps
    .filter((rows) => rows < best.batchRows)
    .map((rows) => rows * row.tokens);
  await model.resize(best);
  try {
    await trial.prepare(duration);
  } catch (error) {
    if (error instanceof InferenceError && unfit.has(error.code)) return null;
    throw error;
  }
  for (const batchTokens of choices(best.batchTokens, binding, Infinity)) {
    await trial.run({ ...best, batchTokens });
  }
  return trial;
}

/** What a model answers to a row that is longer than it takes. */
const unfit: ReadonlySet<string> = new Set([
  "inference.refused",
  "inference.failed",
  "inference.input",
  "inference.too.large",
]);

interface Conclusion {
  before: ModelCapacity;
  /** By the usual rows. */
  best: ModelCapacity;
  trial: Trial;
  longTrial: Trial | null;
  apply: boolean;
}

async function conclude(
  model: LoadedModel,
  { before, best, trial, longTrial, apply }: Conclusion,
): Promise<ModelReport> {
  const longInUse = longTrial?.find(best) ?? null;
  const longBest = propose(longTrial?.candidates ?? [], longInUse);
  const proposal = { ...best, batchTokens: longBest?.batchTokens ?? best.batchTokens };
  const after = await model.resize(apply ? proposal : before);
  const { name, version } = model.record;
  return {
    name,
    version,
    sample: describeSample(trial.feeds),
    before,
    candidates: [...trial.candidates, ...(longTrial?.candidates ?? [])],
    skipped: [...trial.skipped, ...(longTrial?.skipped ?? [])],
    proposal,
    gain: Math.max(gainOf(trial.find(best), trial.find(before)), gainOf(longBest, longInUse)),
    applied:
      after.instances !== before.instances ||
      after.batchRows !== before.batchRows ||
      after.batchTokens !== before.batchTokens,
  };
}

function gainOf(best: Candidate | null, inUse: Candidate | null): number {
  return best === null || inUse === null ? 1 : best.itemsPerSecond / inUse.itemsPerSecond;
}

function settingOf({ instances, batchRows, batchTokens }: ModelCapacity): ModelCapacity {
  return { instances, batchRows, batchTokens };
}
