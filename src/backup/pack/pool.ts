import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { ThreadPool } from "../threads/thread-pool.ts";
import type { FinishedObject, Job, JobResult, PackNotice, WorkerSettings } from "./protocol.ts";

export type PackPool = ThreadPool<Job, JobResult, PackNotice>;

/** Two even on one core: one waits for the disk while the other computes. */
export function usualThreads(): number {
  return Math.max(2, Math.min(4, availableParallelism()));
}

/** One is filled while the other is on its way. */
const fewestBuffers = 2;

/**
 * Threads that read, hash, compress and encrypt, while this one only hands on.
 * @param requestsAtOnce how many objects the repository takes at once
 * @param put puts an object into the repository; its buffer is used again afterwards
 */
export function createPackPool(
  settings: Omit<WorkerSettings, "buffers">,
  requestsAtOnce: number,
  put: (object: FinishedObject) => Promise<void>,
): PackPool {
  const threads = usualThreads();
  const buffers = Math.max(fewestBuffers, Math.ceil(requestsAtOnce / threads));
  return new ThreadPool({
    threads,
    // The worker is TypeScript in a clone and JavaScript in the package.
    script: new URL(`./worker${extname(import.meta.url)}`, import.meta.url),
    settings: { ...settings, buffers } satisfies WorkerSettings,
    async onNotice({ object }) {
      await put(object);
      const { buffer } = object;
      return { message: { type: "buffer", buffer }, transfer: [buffer] };
    },
  });
}
