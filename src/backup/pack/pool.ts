import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { ThreadPool } from "../threads/thread-pool.ts";
import type { FinishedObject, Job, JobResult, PackNotice, WorkerSettings } from "./protocol.ts";

export type PackPool = ThreadPool<Job, JobResult, PackNotice>;

/** Two even on one core: one waits for the disk while the other computes. */
export function usualThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

/**
 * Threads that read, hash, compress and encrypt, while this one only hands on.
 * @param put puts an object into the repository; its buffer is used again afterwards
 */
export function createPackPool(
  settings: WorkerSettings,
  put: (object: FinishedObject) => Promise<void>,
): PackPool {
  return new ThreadPool({
    threads: usualThreads(),
    // The worker is TypeScript in a clone and JavaScript in the package.
    script: new URL(`./worker${extname(import.meta.url)}`, import.meta.url),
    settings,
    async onNotice({ object }) {
      await put(object);
      const { buffer } = object;
      return { message: { type: "buffer", buffer }, transfer: [buffer] };
    },
  });
}
