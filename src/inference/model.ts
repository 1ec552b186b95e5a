import { BatchQueue, type Job, type JobOptions } from "./batch-queue.ts";
import { InferenceError } from "./inference-error.ts";
import { ModelInstance } from "./instance.ts";
import type { ModelRecord } from "./models.ts";
import { countRows, joinRows, sliceRows, type Tensors } from "./tensor.ts";
import type { ValueShape } from "./worker-protocol.ts";

export interface ModelEvents {
  /** All instances of the model are warmed up. */
  ready(model: LoadedModel): void;
  down(model: LoadedModel, reason: string, retryIn: number): void;
  /** One batch was computed, or refused by the model. */
  ran(model: LoadedModel, run: { rows: number; milliseconds: number; failed: boolean }): void;
}

export interface ModelOptions {
  instances: number;
  /** Most rows in one run of the session. */
  batchRows: number;
  /** Most rows that wait; beyond it a request is refused. */
  queueRows: number;
  events: ModelEvents;
  /** Another worker file than the module's own. */
  workerFile?: URL | undefined;
}

/**
 * A model with its queue and its worker threads. Batches form by themselves: what arrives while
 * the workers are busy is the next batch, and nothing waits while a worker is idle.
 */
export class LoadedModel {
  readonly record: ModelRecord;
  private readonly options: ModelOptions;
  private readonly queue: BatchQueue;
  private readonly instances: ModelInstance[];
  private readonly running = new Set<Promise<void>>();
  private batchRows: number;
  private closing = false;

  constructor(record: ModelRecord, options: ModelOptions) {
    this.record = record;
    this.options = options;
    this.batchRows = options.batchRows;
    this.queue = new BatchQueue(options.queueRows);
    this.instances = Array.from({ length: options.instances }, () => this.createInstance());
  }

  start(): void {
    for (const instance of this.instances) instance.start();
  }

  /** True while at least one warmed-up worker serves the model. */
  get ready(): boolean {
    return !this.closing && this.instances.some((instance) => instance.isReady);
  }

  /** Rows that wait for a worker. */
  get queued(): number {
    return this.queue.rows;
  }

  /**
   * Computes the outputs for the rows of `feeds` (dimension 0), possibly in a batch with rows of
   * other callers.
   * @throws InferenceError when the queue is full, the model is not ready or drains, the time is
   * over, the caller went away, or the model refuses the input
   */
  async infer(feeds: Tensors, options: JobOptions): Promise<Tensors> {
    const rows = countRows(feeds);
    this.refuseUnlessServing(rows);
    if (rows <= this.batchRows) {
      const answer = this.queue.add(feeds, rows, options);
      this.dispatch();
      return await answer;
    }
    const parts: Promise<Tensors>[] = [];
    for (let start = 0; start < rows; start += this.batchRows) {
      const end = Math.min(start + this.batchRows, rows);
      parts.push(this.queue.add(sliceRows(feeds, start, end), end - start, options));
    }
    this.dispatch();
    return joinRows(await Promise.all(parts));
  }

  /** Refuses new requests, answers those that wait, then lets the workers end by themselves. */
  async close(): Promise<void> {
    this.closing = true;
    while (this.running.size > 0) await Promise.race(this.running);
    this.queue.rejectAll(draining);
    await Promise.all(this.instances.map((instance) => instance.close()));
  }

  private refuseUnlessServing(rows: number): void {
    if (this.closing) throw draining();
    if (!this.ready) throw unavailable(this.record.name);
    if (this.queue.hasRoomFor(rows)) return;
    throw new InferenceError(
      "inference.queue.full",
      `The queue of the model "${this.record.name}" is full (${this.queued} rows wait).`,
      "Try again in a second.",
    );
  }

  private createInstance(): ModelInstance {
    return new ModelInstance(
      this.record.file,
      {
        ready: (inputs) => {
          if (hasFixedRows(inputs)) this.batchRows = 1;
          if (this.instances.every((instance) => instance.isReady)) this.options.events.ready(this);
          this.dispatch();
        },
        down: (reason, retryIn) => {
          this.options.events.down(this, reason, retryIn);
          if (!this.ready) this.queue.rejectAll(() => unavailable(this.record.name));
        },
      },
      this.options.workerFile,
    );
  }

  private dispatch(): void {
    for (const instance of this.instances) {
      if (!instance.idle) continue;
      const batch = this.queue.take(this.batchRows);
      if (batch.length === 0) return;
      const run = this.run(instance, batch).finally(() => {
        this.running.delete(run);
        this.dispatch();
      });
      this.running.add(run);
    }
  }

  private async run(instance: ModelInstance, batch: Job[]): Promise<void> {
    const rows = batch.reduce((sum, job) => sum + job.rows, 0);
    const start = performance.now();
    try {
      const { outputs, milliseconds } = await instance.run(joinRows(batch.map((job) => job.feeds)));
      this.options.events.ran(this, { rows, milliseconds, failed: false });
      deliver(batch, rows, outputs);
    } catch (error) {
      const milliseconds = performance.now() - start;
      this.options.events.ran(this, { rows, milliseconds, failed: true });
      const failure = asInferenceError(error);
      for (const job of batch) job.reject(failure);
    }
  }
}

/** Gives each job its own rows of the batch's outputs. */
function deliver(batch: readonly Job[], rows: number, outputs: Tensors): void {
  const odd = Object.entries(outputs).find(([, tensor]) => tensor.dims[0] !== rows);
  if (odd !== undefined && batch.length > 1) {
    throw new InferenceError(
      "inference.failed",
      `The output "${odd[0]}" of shape [${odd[1].dims.join(", ")}] has no row for each of ${rows}.`,
    );
  }
  let start = 0;
  for (const job of batch) {
    job.resolve(batch.length === 1 ? outputs : sliceRows(outputs, start, start + job.rows));
    start += job.rows;
  }
}

/** A model exported for one row only: its first dimension is a number instead of a name. */
function hasFixedRows(inputs: readonly ValueShape[]): boolean {
  return inputs.some(({ dims }) => typeof dims[0] === "number" && dims[0] >= 0);
}

function asInferenceError(error: unknown): InferenceError {
  if (error instanceof InferenceError) return error;
  return new InferenceError("inference.failed", "The batch could not be computed.");
}

function draining(): InferenceError {
  return new InferenceError("inference.draining", "The daemon is stopping.");
}

function unavailable(name: string): InferenceError {
  return new InferenceError(
    "inference.unavailable",
    `The model "${name}" is not ready.`,
    "See GET /health/ready, and the daemon's log for the reason.",
  );
}
