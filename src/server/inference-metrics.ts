import type { ModelPool } from "../inference/model-pool.ts";
import type { MetricMaker, SetGauge } from "./metric-maker.ts";

/** One run of a model's session, with the requests whose rows it carried. */
export interface BatchRun {
  model: string;
  version: string;
  /** Rows in the batch, over all its requests. */
  rows: number;
  /** Tokens in the batch; 0 where the model does not count them. */
  tokens: number;
  /** For each request in the batch: how long it waited for a worker. */
  queueMilliseconds: readonly number[];
  computeMilliseconds: number;
  failed: boolean;
}

/** A request that was answered, or turned away. */
export interface RequestEnd {
  model: string;
  version: string;
  /** From its arrival to its answer. */
  milliseconds: number;
  /** "success", or the code of the error. */
  outcome: string;
}

export interface InferenceMetrics {
  batchFinished(run: BatchRun): void;
  inferenceAnswered(end: RequestEnd): void;
  cacheUsed(use: { model: string; version: string; hit: boolean }): void;
}

const shortBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
const sizeBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const labels = ["model", "version"];

/**
 * Figures per model and version. The names are those of Triton's metrics with `studio_` in the
 * place of `nv_`; durations are histograms in seconds where Triton sums microseconds.
 */
export function inferenceMetrics(maker: MetricMaker): InferenceMetrics {
  return {
    batchFinished: batchMetrics(maker),
    inferenceAnswered: requestMetrics(maker),
    cacheUsed: cacheCounts(maker),
  };
}

function batchMetrics({ counter, histogram }: MetricMaker): (run: BatchRun) => void {
  const rows = counter("inference_count", "Rows that a model computed", labels);
  const runs = counter("inference_exec_count", "Runs of a model's session", labels);
  const tokens = counter("inference_tokens", "Tokens that a model computed", labels);
  const outcomes = counter("model_inferences_total", "Rows given to a model, by outcome", [
    ...labels,
    "outcome",
  ]);
  const sizes = histogram("inference_batch_size", "Rows in one run", labels, sizeBuckets);
  const times = (name: string, help: string) => histogram(name, help, labels, shortBuckets);
  const queue = times("inference_queue_duration_seconds", "Time a request waited for a worker");
  const compute = times("inference_compute_infer_duration_seconds", "Time of one run");
  const run = times("model_inference_duration_seconds", "Time of one run, whatever its rows");
  const seriesOf = perModel((...at) => ({
    rows: rows.of(...at),
    runs: runs.of(...at),
    sizes: sizes.of(...at),
    queue: queue.of(...at),
    compute: compute.of(...at),
    run: run.of(...at),
    succeeded: outcomes.of(...at, "success"),
  }));
  return (batch) => {
    const { model, version } = batch;
    if (batch.failed) {
      outcomes.of(model, version, "failure").add(batch.rows);
      return;
    }
    const series = seriesOf(model, version);
    series.succeeded.add(batch.rows);
    series.rows.add(batch.rows);
    series.runs.add();
    if (batch.tokens > 0) tokens.of(model, version).add(batch.tokens);
    series.sizes.observe(batch.rows);
    series.compute.observe(batch.computeMilliseconds / 1000);
    series.run.observe(batch.computeMilliseconds / 1000);
    for (const wait of batch.queueMilliseconds) series.queue.observe(wait / 1000);
  };
}

/** Series are looked up once for each model: every request adds to a dozen of them. */
function perModel<Series>(
  make: (model: string, version: string) => Series,
): (model: string, version: string) => Series {
  const known = new Map<string, Map<string, Series>>();
  return (model, version) => {
    const found = known.get(model)?.get(version);
    if (found !== undefined) return found;
    const made = make(model, version);
    const versions = known.get(model) ?? new Map<string, Series>();
    known.set(model, versions.set(version, made));
    return made;
  };
}

/** The reasons of Triton's `nv_inference_request_failure`; any other is OTHER. */
const reasons: Readonly<Record<string, string>> = {
  "inference.queue.full": "REJECTED",
  "inference.too.large": "REJECTED",
  "inference.unavailable": "REJECTED",
  "inference.draining": "REJECTED",
  "inference.deadline": "CANCELED",
  "inference.cancelled": "CANCELED",
  "inference.failed": "BACKEND",
  "inference.crashed": "BACKEND",
  "inference.stuck": "BACKEND",
};

function requestMetrics({ counter, histogram }: MetricMaker): (end: RequestEnd) => void {
  const success = counter("inference_request_success", "Requests that a model answered", labels);
  const failure = counter("inference_request_failure", "Requests that a model did not answer", [
    ...labels,
    "reason",
  ]);
  const seconds = histogram(
    "inference_request_duration_seconds",
    "Time from a request's arrival at a model to its answer",
    labels,
    shortBuckets,
  );
  const seriesOf = perModel((...at) => ({
    success: success.of(...at),
    seconds: seconds.of(...at),
  }));
  return ({ model, version, milliseconds, outcome }) => {
    if (outcome === "success") {
      const series = seriesOf(model, version);
      series.success.add();
      series.seconds.observe(milliseconds / 1000);
    } else {
      failure.of(model, version, reasons[outcome] ?? "OTHER").add();
    }
  };
}

function cacheCounts({ counter }: MetricMaker): InferenceMetrics["cacheUsed"] {
  const total = counter("cache_hits_total", "Requests answered from the cache", labels);
  const hits = counter("cache_num_hits_per_model", "The same, by Triton's name", labels);
  const misses = counter("cache_num_misses_per_model", "Requests it did not know", labels);
  return ({ model, version, hit }) => {
    for (const one of hit ? [total, hits] : [misses]) one.of(model, version).add();
  };
}

/** Figures that are read when somebody asks for the metrics. */
export function modelGauges({ gauge }: MetricMaker, models: ModelPool): void {
  const waiting = (set: SetGauge): void => {
    for (const { record, queued } of models.all()) {
      set({ model: record.name, version: record.version }, queued);
    }
  };
  gauge("task_queue_size", "Rows that wait for a model", labels, waiting);
  gauge("inference_pending_request_count", "Rows that wait for a model", labels, waiting);
  gauge("model_ready", "1 while the model is warmed up", labels, (set) => {
    for (const { name, version, state } of models.index()) {
      set({ model: name, version }, state === "READY" ? 1 : 0);
    }
  });
  gauge("cache_bytes", "Bytes of answers that are remembered", [], (set) =>
    set({}, models.cacheUse?.bytes ?? 0),
  );
}
