import { Worker } from "node:worker_threads";

/** A thread's objects are few and small; its content lies outside of the collector's reach. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** What every thread answers with when a job ends. */
export type JobEnd<Result> =
  | { type: "result"; result: Result }
  | { type: "failure"; message: string; stack: string | undefined; code: string | undefined };

export interface Outgoing {
  message: unknown;
  transfer: ArrayBuffer[];
}

export interface ThreadPoolOptions<Notice> {
  threads: number;
  script: URL;
  settings: unknown;
  /** Answers what a thread says in the middle of a job; null for no answer. */
  onNotice(notice: Notice): Promise<Outgoing | null>;
}

interface Task<Job, Result> {
  job: Job;
  /** Larger ones go first, so that no thread is left alone with one at the end. */
  weight: number;
  resolve(result: Result): void;
  reject(error: unknown): void;
}

interface Thread<Job, Result> {
  worker: Worker;
  task: Task<Job, Result> | null;
}

/** Threads that work off jobs, each one job at a time; the first failure ends them all. */
export class ThreadPool<Job, Result, Notice extends { type: string }> {
  readonly #options: ThreadPoolOptions<Notice>;
  readonly #threads: Thread<Job, Result>[] = [];
  readonly #queue: Task<Job, Result>[] = [];
  readonly #answering = new Set<Promise<void>>();
  #failure: unknown = null;
  #closed = false;

  constructor(options: ThreadPoolOptions<Notice>) {
    this.#options = options;
  }

  /** Starts all threads, for work that is on its way: it takes one as long as a small backup. */
  warm(): void {
    while (this.#start() !== null);
  }

  /** Runs a job on the next free thread. */
  run(job: Job, weight: number): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      const at = this.#queue.findIndex((task) => task.weight < weight);
      const task = { job, weight, resolve, reject };
      this.#queue.splice(at < 0 ? this.#queue.length : at, 0, task);
      this.#assign();
    });
  }

  /** Waits until every notice so far is answered. */
  async settle(): Promise<void> {
    while (this.#answering.size > 0) await Promise.all(this.#answering);
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#fail(new Error("The threads were ended."));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    await Promise.allSettled(this.#answering);
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const thread = this.#threads.find(({ task }) => task === null) ?? this.#start();
      if (thread === null) return;
      const task = this.#queue.shift();
      if (task === undefined) return;
      thread.task = task;
      this.#send(thread.worker, { message: { type: "job", job: task.job }, transfer: [] });
    }
  }

  #start(): Thread<Job, Result> | null {
    if (this.#threads.length >= this.#options.threads) return null;
    const { script, settings } = this.#options;
    const worker = new Worker(script, { workerData: settings, resourceLimits });
    const thread: Thread<Job, Result> = { worker, task: null };
    worker.on("message", (message: Notice | JobEnd<Result>) => this.#receive(thread, message));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("A thread ended in the middle of its work.")));
    this.#threads.push(thread);
    return thread;
  }

  #receive(thread: Thread<Job, Result>, message: Notice | JobEnd<Result>): void {
    if (!isEnd<Result>(message)) return this.#answer(thread.worker, message);
    const { task } = thread;
    thread.task = null;
    if (message.type === "result") task?.resolve(message.result);
    else task?.reject(failureOf(message));
    this.#assign();
  }

  #answer(worker: Worker, notice: Notice): void {
    const answer = this.#answerTo(worker, notice).catch((error: unknown) => this.#fail(error));
    this.#answering.add(answer);
    void answer.finally(() => this.#answering.delete(answer));
  }

  async #answerTo(worker: Worker, notice: Notice): Promise<void> {
    const outgoing = await this.#options.onNotice(notice);
    if (outgoing !== null && !this.#closed) this.#send(worker, outgoing);
  }

  #send(worker: Worker, { message, transfer }: Outgoing): void {
    worker.postMessage(message, transfer);
  }

  /** Ends all that is waiting: the first failure is everyone's. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const task of this.#queue.splice(0)) task.reject(this.#failure);
    for (const { task } of this.#threads) task?.reject(this.#failure);
  }
}

function isEnd<Result>(message: { type: string }): message is JobEnd<Result> {
  return message.type === "result" || message.type === "failure";
}

function failureOf(failure: Extract<JobEnd<unknown>, { type: "failure" }>): Error {
  const error = new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return Object.assign(error, failure.code === undefined ? {} : { code: failure.code });
}
