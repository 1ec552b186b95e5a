import { DeadlineWatch } from "./deadline-watch.ts";
import type { InferenceError } from "./inference-error.ts";
import type { Job, PendingRequest } from "./pending-request.ts";
import { PriorityLanes } from "./priority-lanes.ts";

export type { JobOptions } from "./pending-request.ts";

/** How much one run of a session takes. */
export interface BatchLimits {
  rows: number;
  /** Rows times the tokens of the longest one. */
  tokens: number;
}

/** Rows that are this many times as long as others are not mixed with them. */
const longestToShortest = 2;

/** Requests that wait for a worker, bounded by the rows of all of them. */
export class BatchQueue {
  readonly capacity: number;
  private readonly lanes = new PriorityLanes();
  private readonly deadlines = new DeadlineWatch<PendingRequest>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Rows that wait for a worker. */
  get rows(): number {
    return this.lanes.rows;
  }

  hasRoomFor(rows: number): boolean {
    return this.rows + rows <= this.capacity;
  }

  /** Lets the request wait until it is settled, by a worker, its deadline or its caller. */
  add(request: PendingRequest): void {
    for (const job of request.jobs) this.lanes.append(job);
    this.deadlines.add(request);
  }

  /** Forgets a request that was settled: what of it still waits is not computed. */
  delete(request: PendingRequest): void {
    for (const job of request.jobs) this.lanes.remove(job);
    this.deadlines.delete(request);
  }

  /**
   * Takes the job whose turn it is and those that can be computed with it: of its key, of about
   * its length, within the limits. A job that is beyond them by itself is taken alone. Requests
   * found to be late are answered instead.
   */
  take(limits: BatchLimits, now: number): Job[] {
    let first = this.lanes.next();
    while (first?.request.endIfLate(now) === true) first = this.lanes.next();
    if (first === null) return [];
    const batch = new Batch(first, limits);
    this.lanes.serve(first);
    if (first.key === null || batch.full) return batch.jobs;
    for (const job of this.lanes.all()) {
      if (!batch.admits(job) || job.request.endIfLate(now)) continue;
      batch.add(job);
      this.lanes.serve(job);
      if (batch.full) break;
    }
    return batch.jobs;
  }

  /** Puts jobs of a batch that failed back to the front, each to be tried without the others. */
  retryAlone(jobs: readonly Job[]): void {
    for (const job of jobs.toReversed()) {
      if (job.request.isSettled) continue;
      job.key = null;
      this.lanes.prepend(job);
    }
  }

  rejectAll(error: () => InferenceError): void {
    for (const job of this.lanes.all()) job.request.fail(error());
  }
}

/** A batch that is being filled. */
class Batch {
  readonly jobs: Job[];
  private readonly limits: BatchLimits;
  private readonly key: string | null;
  private rows: number;
  private longest: number;
  private shortest: number;

  constructor(first: Job, limits: BatchLimits) {
    this.jobs = [first];
    this.limits = limits;
    this.key = first.key;
    this.rows = first.rows;
    this.longest = first.request.tokens;
    this.shortest = this.longest;
  }

  /** True when not even one short row more could be added. */
  get full(): boolean {
    return this.rows >= this.limits.rows || (this.rows + 1) * this.longest > this.limits.tokens;
  }

  admits({ key, rows, request: { tokens } }: Job): boolean {
    const longest = Math.max(this.longest, tokens);
    const shortest = Math.min(this.shortest, tokens);
    return (
      key === this.key &&
      this.rows + rows <= this.limits.rows &&
      (this.rows + rows) * longest <= this.limits.tokens &&
      longest <= shortest * longestToShortest
    );
  }

  add(job: Job): void {
    this.jobs.push(job);
    this.rows += job.rows;
    this.longest = Math.max(this.longest, job.request.tokens);
    this.shortest = Math.min(this.shortest, job.request.tokens);
  }
}
