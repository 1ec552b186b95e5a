import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { ThreadPool } from "../threads/thread-pool.ts";
import type { PackHere } from "./here.ts";
import type { FinishedObject, Job, JobResult, PackNotice, PackSettings } from "./protocol.ts";

/** Two even on one core: one waits for the disk while the other computes. */
export function usualThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

/** One is filled while the other is on its way. */
const fewestBuffers = 2;

/** To store so many bytes takes as long as it takes threads to start. */
const usuallyWorthThreads = 8 * 1024 * 1024;

export interface PackPoolOptions {
  settings: Omit<PackSettings, "buffers">;
  /** How many objects the repository takes at once. */
  requestsAtOnce: number;
  /** Bytes of content from which on it is handed to threads. */
  worthThreads: number | undefined;
  /** Puts an object into the repository; its buffer is used again afterwards. */
  put: (object: FinishedObject) => Promise<void>;
}

interface Task {
  job: Job;
  /** Bytes. */
  weight: number;
  resolve: (result: Promise<JobResult>) => void;
}

/**
 * Reads, hashes, compresses and encrypts: in threads, while this one only hands on; what is too
 * little for that is gathered, and done here.
 */
export class PackPool {
  readonly #options: PackPoolOptions;
  #gathered: Task[] = [];
  #threads: ThreadPool<Job, JobResult, PackNotice> | null = null;
  #here: Promise<PackHere> | null = null;

  constructor(options: PackPoolOptions) {
    this.#options = options;
  }

  /**
   * @param weight bytes; what is too little for threads waits for `begin`
   */
  run(job: Job, weight: number): Promise<JobResult> {
    if (this.#threads !== null) return this.#threads.run(job, weight);
    const result = new Promise<JobResult>((resolve) => {
      this.#gathered.push({ job, weight, resolve });
    });
    const bytes = this.#gathered.reduce((sum, task) => sum + task.weight, 0);
    if (bytes >= (this.#options.worthThreads ?? usuallyWorthThreads)) this.#startThreads();
    return result;
  }

  /** No more is coming that would be worth the threads: begins with what there is. */
  begin(): void {
    if (this.#gathered.length === 0) return;
    const here = (this.#here ??= this.#openHere());
    for (const { job, resolve } of this.#gathered.splice(0)) {
      resolve(here.then((packer) => packer.run(job)));
    }
  }

  /** Waits until every object so far is in the repository. */
  async settle(): Promise<void> {
    await (await this.#here)?.settle();
    await this.#threads?.settle();
  }

  async close(): Promise<void> {
    await this.#threads?.close();
  }

  /** Where nothing has changed there is nothing to pack, and it need not be loaded. */
  async #openHere(): Promise<PackHere> {
    const { PackHere: Packer } = await import("./here.ts");
    return Packer.open(this.#settings(1), this.#options.put);
  }

  #startThreads(): void {
    const threads = usualThreads();
    const { put } = this.#options;
    this.#threads = new ThreadPool({
      threads,
      // The worker is TypeScript in a clone and JavaScript in the package.
      script: new URL(`./worker${extname(import.meta.url)}`, import.meta.url),
      settings: this.#settings(threads),
      async onNotice({ object }) {
        await put(object);
        const { buffer } = object;
        return { message: { type: "buffer", buffer }, transfer: [buffer] };
      },
    });
    this.#threads.warm();
    for (const task of this.#gathered.splice(0)) {
      task.resolve(this.#threads.run(task.job, task.weight));
    }
  }

  #settings(threads: number): PackSettings {
    const { settings, requestsAtOnce } = this.#options;
    const buffers = Math.max(fewestBuffers, Math.ceil(requestsAtOnce / threads));
    return { ...settings, buffers };
  }
}
