import { InferenceError } from "./inference-error.ts";
import { shapeKey, type Tensors } from "./tensor.ts";

export interface Job {
  feeds: Tensors;
  rows: number;
  key: string;
  resolve(outputs: Tensors): void;
  reject(error: InferenceError): void;
  /** Set once the caller was answered or went away: a batch must not carry the job any more. */
  settled: boolean;
}

export interface JobOptions {
  /** Milliseconds from now after which the caller no longer waits. */
  timeout: number;
  /** Aborted when the caller went away. */
  signal?: AbortSignal | undefined;
}

/** Waiting jobs in order of arrival, bounded by the number of rows they hold. */
export class BatchQueue {
  private jobs: Job[] = [];
  private waitingRows = 0;
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Rows that wait for a worker. */
  get rows(): number {
    return this.waitingRows;
  }

  hasRoomFor(rows: number): boolean {
    return this.waitingRows + rows <= this.capacity;
  }

  /** The outputs of the job's own rows, once a batch carried them. */
  add(feeds: Tensors, rows: number, options: JobOptions): Promise<Tensors> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        job.settled = true;
        clearTimeout(timer);
        options.signal?.removeEventListener("abort", cancel);
      };
      const job: Job = {
        feeds,
        rows,
        key: shapeKey(feeds),
        settled: false,
        resolve(outputs) {
          if (job.settled) return;
          settle();
          resolve(outputs);
        },
        reject(error) {
          if (job.settled) return;
          settle();
          reject(error);
        },
      };
      const cancel = (): void => this.drop(job, cancelled());
      const timer = setTimeout(() => this.drop(job, late(options.timeout)), options.timeout);
      options.signal?.addEventListener("abort", cancel, { once: true });
      this.jobs.push(job);
      this.waitingRows += rows;
      if (options.signal?.aborted === true) cancel();
    });
  }

  /**
   * Takes the oldest job and those behind it that have its shape, up to `limit` rows. A job of
   * more rows than the limit is taken alone.
   */
  take(limit: number): Job[] {
    const batch: Job[] = [];
    const left: Job[] = [];
    let rows = 0;
    for (const job of this.jobs) {
      const fits = batch.length === 0 || (job.key === batch[0]?.key && rows + job.rows <= limit);
      if (fits) {
        batch.push(job);
        rows += job.rows;
      } else {
        left.push(job);
      }
    }
    this.jobs = left;
    this.waitingRows -= rows;
    return batch;
  }

  rejectAll(error: () => InferenceError): void {
    for (const job of this.jobs.slice()) this.drop(job, error());
  }

  private drop(job: Job, error: InferenceError): void {
    const index = this.jobs.indexOf(job);
    if (index !== -1) {
      this.jobs.splice(index, 1);
      this.waitingRows -= job.rows;
    }
    job.reject(error);
  }
}

function cancelled(): InferenceError {
  return new InferenceError("inference.cancelled", "The caller went away before the answer.");
}

function late(timeout: number): InferenceError {
  return new InferenceError(
    "inference.deadline",
    `The model gave no answer within ${Math.round(timeout)} ms.`,
    "Send smaller requests, or fewer at a time.",
  );
}
