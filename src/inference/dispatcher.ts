import { BatchQueue, type BatchLimits } from "./batch-queue.ts";
import { InferenceError } from "./inference-error.ts";
import type { InstanceGroup } from "./instance-group.ts";
import type { ModelInstance, RunResult } from "./instance.ts";
import { withoutRows } from "./model-errors.ts";
import type { BatchRun } from "./model-options.ts";
import type { Job, PendingRequest } from "./pending-request.ts";
import type { Tensors } from "./tensor.ts";
import { Throughput } from "./throughput.ts";

export interface DispatcherEvents {
  ran(run: BatchRun): void;
  /** What the model gives does not have the rows of what it takes. */
  rowsMissing(): void;
}

interface Run {
  batch: Job[];
  start: number;
}

/**
 * Milliseconds that a run may take at most for the next one to be given to its worker meanwhile. The
 * way there and back is lost otherwise, which is nothing to a longer one; and what was given cannot
 * be overtaken any more.
 */
const longestAhead = 5;

/**
 * Rows for which an idle worker is woken before all has been read that had come: it computes them
 * while the others are read, instead of both threads waiting for each other in turns.
 */
const worthWaking = 8;

/** Gives what waits to whichever instance is idle, and the answers to their callers. */
export class Dispatcher {
  limits: BatchLimits;
  readonly queue: BatchQueue;
  private readonly group: InstanceGroup;
  private readonly events: DispatcherEvents;
  private readonly throughput = new Throughput();
  private running = 0;
  private planned = false;
  private idleWaiters: (() => void)[] = [];

  constructor(
    group: InstanceGroup,
    options: { queueRows: number; limits: BatchLimits; events: DispatcherEvents },
  ) {
    this.group = group;
    this.queue = new BatchQueue(options.queueRows);
    this.limits = options.limits;
    this.events = options.events;
  }

  add(request: PendingRequest): void {
    this.queue.add(request);
    if (this.queue.rows >= worthWaking && this.group.idle() !== undefined) {
      this.dispatch();
      return;
    }
    if (this.planned) return;
    this.planned = true;
    setImmediate(this.dispatchPlanned);
  }

  /** Starts batches until nothing waits or no instance is idle. */
  dispatch(): void {
    for (let instance = this.group.idle(); instance; instance = this.group.idle()) {
      const batch = this.queue.take(this.limits, performance.now());
      if (batch.length === 0) return;
      this.run(instance, batch);
    }
    this.dispatchAhead();
  }

  /** Whole seconds until what waits now is computed, as far as can be told. */
  secondsOfWork(): number {
    return this.throughput.secondsFor(this.queue.rows, this.group.readyCount);
  }

  /** Resolves when no batch runs and none is begun any more. */
  async drained(): Promise<void> {
    this.dispatch();
    while (this.running > 0) {
      await new Promise<void>((resolve) => this.idleWaiters.push(resolve));
    }
  }

  /**
   * Once all has been read that had come: a batch for each of many requests that came together
   * would cost more than they do, for a thread that sleeps has to be woken for each.
   */
  private readonly dispatchPlanned = (): void => {
    this.planned = false;
    this.dispatch();
  };

  /** Whole batches only: what is not one may yet become one while the worker is busy. */
  private dispatchAhead(): void {
    const { rows } = this.limits;
    const time = this.throughput.timeOf(rows);
    if (time === null || time > longestAhead) return;
    while (this.queue.rows >= rows) {
      const instance = this.group.takingAnother();
      if (instance === undefined) return;
      const batch = this.queue.take(this.limits, performance.now());
      if (batch.length === 0) return;
      this.run(instance, batch);
    }
  }

  private run(instance: ModelInstance, batch: Job[]): void {
    const run = { batch, start: performance.now() };
    this.running += 1;
    instance.run(
      batch.map((job) => job.feeds),
      batch.map((job) => job.rows),
      (outcome) => this.finish(run, outcome),
    );
  }

  private finish(run: Run, outcome: RunResult | InferenceError): void {
    this.running -= 1;
    const failed = outcome instanceof InferenceError;
    const outputs = failed ? outcome : (outcome.outputs ?? withoutRows());
    if (!failed && outcome.outputs === null) this.events.rowsMissing();
    // A row that the model refuses must not cost its neighbours their answers.
    const again = run.batch.length > 1 && isRefusal(outputs);
    if (again) this.queue.retryAlone(run.batch);
    if (!failed) run.start = outcome.begun;
    const milliseconds = failed ? performance.now() - run.start : outcome.milliseconds;
    // The worker gets its next batch first: what callers do with theirs may take time.
    this.dispatch();
    if (!again) {
      for (const [index, job] of run.batch.entries()) {
        if (outputs instanceof InferenceError) job.request.fail(outputs);
        else job.request.complete(job, outputs[index] as Tensors);
      }
      this.report(run, milliseconds, outputs instanceof InferenceError);
    }
    for (const resume of this.idleWaiters.splice(0)) resume();
  }

  private report({ batch, start }: Run, milliseconds: number, failed: boolean): void {
    const rows = batch.reduce((sum, job) => sum + job.rows, 0);
    const longest = batch.reduce((most, { request }) => Math.max(most, request.tokens), 0);
    if (!failed) this.throughput.add(rows, milliseconds);
    const queued = batch.map(({ request }) => start - request.arrived);
    this.events.ran({ rows, tokens: rows * longest, queued, milliseconds, failed });
  }
}

/** True when the batch failed for what is in it, and not for what became of its worker. */
function isRefusal(outcome: unknown): boolean {
  if (!(outcome instanceof InferenceError)) return false;
  return outcome.code === "inference.refused" || outcome.code === "inference.failed";
}
