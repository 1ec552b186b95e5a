import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type {
  FinishedObject,
  FromWorker,
  Job,
  JobResult,
  ToWorker,
  WorkerSettings,
} from "./protocol.ts";

/** A thread's objects are few and small; its content lies outside of the collector's reach. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

interface Task {
  job: Job;
  /** Larger ones go first, so that no thread is left alone with one at the end. */
  weight: number;
  resolve(result: JobResult): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  task: Task | null;
}

export interface PoolOptions {
  threads: number;
  settings: WorkerSettings;
  /** Puts an object into the repository; its buffer is used again afterwards. */
  put(object: FinishedObject): Promise<void>;
}

/** Threads that read, hash, compress and encrypt, while this one only hands on. */
export class PackPool {
  readonly #options: PoolOptions;
  readonly #threads: Thread[] = [];
  readonly #queue: Task[] = [];
  readonly #putting = new Set<Promise<void>>();
  #failure: unknown = null;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Runs a job on the next free thread. */
  run(job: Job, weight: number): Promise<JobResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) return reject(this.#failure);
      const at = this.#queue.findIndex((task) => task.weight < weight);
      const task = { job, weight, resolve, reject };
      this.#queue.splice(at < 0 ? this.#queue.length : at, 0, task);
      this.#assign();
    });
  }

  /** Waits until every object that was finished is in the repository. */
  async settle(): Promise<void> {
    while (this.#putting.size > 0) await Promise.all(this.#putting);
    if (this.#failure !== null) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#fail(new Error("The threads were ended."));
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
    await Promise.allSettled(this.#putting);
  }

  #assign(): void {
    while (this.#queue.length > 0) {
      const thread = this.#threads.find(({ task }) => task === null) ?? this.#start();
      if (thread === null) return;
      const task = this.#queue.shift();
      if (task === undefined) return;
      thread.task = task;
      this.#send(thread.worker, { type: "job", job: task.job });
    }
  }

  #start(): Thread | null {
    if (this.#threads.length >= this.#options.threads) return null;
    // The worker is TypeScript in a clone and JavaScript in the package.
    const script = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);
    const worker = new Worker(script, { workerData: this.#options.settings, resourceLimits });
    const thread: Thread = { worker, task: null };
    worker.on("message", (message: FromWorker) => this.#receive(thread, message));
    worker.on("error", (error) => this.#fail(error));
    worker.on("exit", () => this.#fail(new Error("A thread that stores files ended.")));
    this.#threads.push(thread);
    return thread;
  }

  #receive(thread: Thread, message: FromWorker): void {
    if (message.type === "object") return this.#put(thread.worker, message.object);
    const { task } = thread;
    thread.task = null;
    if (message.type === "result") task?.resolve(message.result);
    else task?.reject(failureOf(message));
    this.#assign();
  }

  #put(worker: Worker, object: FinishedObject): void {
    const put = this.#options.put(object).then(
      () => this.#send(worker, { type: "buffer", buffer: object.buffer }, [object.buffer]),
      (error: unknown) => this.#fail(error),
    );
    this.#putting.add(put);
    void put.finally(() => this.#putting.delete(put));
  }

  #send(worker: Worker, message: ToWorker, transfer: ArrayBuffer[] = []): void {
    worker.postMessage(message, transfer);
  }

  /** Ends all that is waiting: the first failure is everyone's. */
  #fail(error: unknown): void {
    this.#failure ??= error;
    for (const task of this.#queue.splice(0)) task.reject(this.#failure);
    for (const { task } of this.#threads) task?.reject(this.#failure);
  }
}

function failureOf(message: Extract<FromWorker, { type: "failure" }>): Error {
  const error = new Error(message.message);
  if (message.stack !== undefined) error.stack = message.stack;
  return Object.assign(error, message.code === undefined ? {} : { code: message.code });
}
