import type { BatchLimits, JobOptions } from "./batch-queue.ts";
import { checkFeeds } from "./check-feeds.ts";
import { Dispatcher } from "./dispatcher.ts";
import { InferenceError, inputError } from "./inference-error.ts";
import { InstanceGroup } from "./instance-group.ts";
import type { InstanceEvents, ModelSignature } from "./instance.ts";
import {
  draining,
  exchanged,
  incomplete,
  queueFull,
  tooLarge,
  unavailable,
} from "./model-errors.ts";
import {
  capacityOf,
  instanceSettings,
  type ModelCapacity,
  type ModelEvents,
  type ModelOptions,
} from "./model-options.ts";
import type { ModelRecord } from "./models.ts";
import { PendingRequest } from "./pending-request.ts";
import { planRequest } from "./plan-request.ts";
import type { Tensors } from "./tensor.ts";
import { Turns } from "./turns.ts";
import type { ValueShape } from "./worker-protocol.ts";

export type { ModelCapacity, ModelEvents, ModelOptions } from "./model-options.ts";

/**
 * A model with its queue and its worker threads. Batches form by themselves: what arrives while
 * the workers are busy is the next batch, and nothing waits while a worker is idle.
 */
export class LoadedModel {
  readonly record: ModelRecord;
  private readonly events: ModelEvents;
  private readonly group: InstanceGroup;
  private readonly dispatcher: Dispatcher;
  private readonly latencyMode: boolean;
  private wanted: ModelCapacity;
  private signature: ModelSignature | null = null;
  private lastReason: string | null = null;
  /** All of its workers are ready, and it was said so. */
  private announced = false;
  /** It was said that it serves, in part at least. */
  private serves = false;
  /** Each of its first workers is ready, or has said why it is not. */
  private tried = false;
  private closing = false;
  private readonly resizes = new Turns();

  constructor(record: ModelRecord, options: ModelOptions) {
    this.record = record;
    this.events = options.events;
    this.wanted = capacityOf(options);
    this.latencyMode = (options.threads ?? 1) > 1;
    this.group = new InstanceGroup(record.file, this.instanceEvents(), instanceSettings(options));
    this.dispatcher = new Dispatcher(this.group, {
      queueRows: options.queueRows ?? 1024,
      limits: limitsOf(this.wanted),
      events: {
        ran: (run) => this.events.ran(this, run),
        rowsMissing: () => this.stopBatching(),
      },
    });
  }

  start(): void {
    void this.load();
  }

  /** True while at least one warmed-up worker serves the model, and none is stuck. */
  get ready(): boolean {
    return !this.closing && this.group.readyCount > 0 && !this.group.someStuck;
  }

  /** Why a worker of the model was last lost, or could not load it; null while all is well. */
  get reason(): string | null {
    return this.lastReason;
  }

  /** What the model takes; empty until it was ready once. */
  get inputs(): readonly ValueShape[] {
    return this.signature?.inputs ?? [];
  }

  /** What the model gives; empty until it was ready once. */
  get outputs(): readonly ValueShape[] {
    return this.signature?.outputs ?? [];
  }

  /** True where rows of several requests can be computed together: its trial showed them independent. */
  get batching(): boolean {
    return this.signature?.rows === "free";
  }

  get capacity(): ModelCapacity {
    return { ...this.wanted };
  }

  /** Rows that wait for a worker. */
  get queued(): number {
    return this.dispatcher.queue.rows;
  }

  /**
   * Computes the outputs for the rows of `feeds` (dimension 0), possibly in a batch with rows of
   * other callers. A model without rows computes the feeds as they are. The feeds are not to be
   * changed before the answer, which belongs to the caller.
   * @throws InferenceError when the input does not fit, the queue is full, the model is not ready
   * or drains, the time is over, the caller went away, or the model refuses the input
   */
  async infer(feeds: Tensors, options: JobOptions): Promise<Tensors> {
    const now = performance.now();
    const request = this.admit(feeds, options, now);
    request.onSettled = this.settled;
    if (options.signal?.aborted === true) request.cancel();
    else if (!request.endIfLate(now)) this.dispatcher.add(request);
    return await request.answer;
  }

  /**
   * Changes how much the model computes at once. Batches in progress finish as they are; instances
   * that leave end after theirs. Resolves when all instances are ready.
   * @throws InferenceError `inference.input` when a number is not a whole one above 0, or a model
   * whose runs use several threads is to have several instances; `inference.unavailable` when an
   * instance did not become ready, which is tried again, or another content has taken its place
   */
  resize(wanted: Partial<ModelCapacity>): Promise<ModelCapacity> {
    return this.resizes.take(async () => {
      if (this.closing) throw exchanged(this.record.name);
      const target = { ...this.wanted, ...wanted };
      for (const [name, value] of Object.entries(target)) {
        if (!Number.isSafeInteger(value) || value < 1) throw inputError(`${name}: ${value}.`);
      }
      if (this.latencyMode && target.instances > 1) {
        throw inputError(`The model "${this.record.name}" runs with several threads, once.`);
      }
      this.wanted = target;
      this.dispatcher.limits = limitsOf(target);
      if (target.instances !== this.group.size) await this.group.resize(target.instances);
      if (this.closing) throw exchanged(this.record.name);
      if (this.group.readyCount < this.group.size) {
        throw incomplete(this.record.name, this.lastReason);
      }
      this.announce();
      return this.capacity;
    });
  }

  /** Answers all that waits that the daemon is stopping; what is being computed goes on. */
  turnAway(): void {
    this.dispatcher.queue.rejectAll(draining);
  }

  /** Refuses new requests, answers those that wait, then lets the workers end by themselves. */
  async close(): Promise<void> {
    this.closing = true;
    await this.dispatcher.drained();
    this.dispatcher.queue.rejectAll(draining);
    await this.group.close();
  }

  private readonly settled: PendingRequest["onSettled"] = (request, outcome) => {
    this.dispatcher.queue.delete(request);
    const milliseconds = performance.now() - request.arrived;
    this.events.answered?.(this, { rows: request.rows, milliseconds, outcome });
  };

  /** Turns away what cannot be served, by the same rules for one row and for many. */
  private admit(feeds: Tensors, options: JobOptions, now: number): PendingRequest {
    const { queue, limits } = this.dispatcher;
    try {
      if (this.closing) throw draining();
      if (!this.ready || this.signature === null) throw unavailable(this.record.name);
      const { inputs, rows: dimension } = this.signature;
      checkFeeds(feeds, inputs, dimension);
      const parts = planRequest(feeds, inputs, dimension, limits, options.tokens ?? 0);
      const rows = parts.reduce((sum, part) => sum + part.rows, 0);
      if (rows > queue.capacity) throw tooLarge(rows, queue.capacity);
      // What an idle worker could take does not fill the queue.
      if (!queue.hasRoomFor(rows)) this.dispatcher.dispatch();
      if (!queue.hasRoomFor(rows)) {
        throw queueFull(this.record.name, queue.rows, this.dispatcher.secondsOfWork());
      }
      return new PendingRequest(parts, options, now);
    } catch (error) {
      if (error instanceof InferenceError) {
        const milliseconds = performance.now() - now;
        this.events.answered?.(this, { rows: 0, milliseconds, outcome: error.code });
      }
      throw error;
    }
  }

  private instanceEvents(): InstanceEvents {
    return {
      ready: (signature) => {
        this.signature = signature;
        this.announce();
        this.dispatcher.dispatch();
      },
      down: (reason, retryIn) => {
        this.lastReason = reason;
        this.announced = false;
        this.events.down(this, reason, retryIn);
        this.answerIfNotReady();
      },
      stuck: (milliseconds) => {
        this.lastReason = `a run did not end within ${milliseconds} ms`;
        this.announced = false;
        this.events.stuck?.(this, milliseconds);
        this.answerIfNotReady();
      },
      recovered: () => {
        this.announce();
        this.dispatcher.dispatch();
      },
    };
  }

  private async load(): Promise<void> {
    await this.group.resize(this.wanted.instances);
    this.tried = true;
    this.announce();
  }

  /** All of its workers are waited for once; from then on those serve that can. */
  private announce(): void {
    if (this.announced || this.closing) return;
    this.announced = this.group.readyCount >= this.group.size;
    if (this.announced) this.lastReason = null;
    else if (this.serves || !this.tried || !this.ready) return;
    this.serves = true;
    this.events.ready(this);
  }

  private answerIfNotReady(): void {
    if (this.ready) return;
    this.serves = false;
    this.dispatcher.queue.rejectAll(() => unavailable(this.record.name));
  }

  /** Shapes promised a row for each row, and runs have shown otherwise. */
  private stopBatching(): void {
    if (this.signature !== null) this.signature = { ...this.signature, rows: null };
  }
}

function limitsOf({ batchRows, batchTokens }: ModelCapacity): BatchLimits {
  return { rows: batchRows, tokens: batchTokens };
}
