import type { JobOptions } from "../batch-queue.ts";
import { InferenceError } from "../inference-error.ts";
import { type Priority, priorities } from "../pending-request.ts";

export interface DecodeLimits {
  /** Images worked on at once. */
  atOnce: number;
  /** Bytes of the images that are worked on or wait. */
  bytes: number;
}

interface Entry {
  priority: Priority;
  start(): void;
}

/**
 * Lets a few images be decoded at once, the urgent ones first and then in order of arrival: the
 * threads that decode are those of the whole process, and its processors are the models' too.
 */
export class DecodeQueue {
  private readonly limits: DecodeLimits;
  private readonly waiting = new Set<Entry>();
  private running = 0;
  private held = 0;

  constructor(limits: DecodeLimits) {
    this.limits = limits;
  }

  /** Images that wait. */
  get size(): number {
    return this.waiting.size;
  }

  /** @throws InferenceError `inference.queue.full` while no further image of that size fits */
  refuseWhenFull(bytes: number): void {
    if (this.held === 0 || this.held + bytes <= this.limits.bytes) return;
    throw new InferenceError(
      "inference.queue.full",
      `Too many images are being decoded (${this.size} wait).`,
      "Try again in a second.",
    );
  }

  /**
   * What `work` gives. A caller that waits no longer is answered at once; work that has begun is
   * not broken off by that, and keeps its place until it is done.
   * @throws InferenceError `inference.queue.full`, `inference.deadline`, `inference.cancelled`
   */
  run<Result>(
    bytes: number,
    { timeout, signal, priority = "normal" }: JobOptions,
    work: () => Promise<Result>,
  ): Promise<Result> {
    this.refuseWhenFull(bytes);
    this.held += bytes;
    return new Promise((resolve, reject) => {
      const entry: Entry = {
        priority,
        start: () => {
          this.running++;
          const end = (): void => {
            settle();
            this.running--;
            this.release(bytes);
          };
          void follow(work, end).then(resolve, reject);
        },
      };
      const settle = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", cancel);
      };
      const giveUp = (error: InferenceError): void => {
        settle();
        if (this.waiting.delete(entry)) this.release(bytes);
        reject(error);
      };
      const cancel = (): void => giveUp(cancelled());
      const timer = setTimeout(() => giveUp(late(timeout)), timeout);
      signal?.addEventListener("abort", cancel, { once: true });
      this.waiting.add(entry);
      if (signal?.aborted === true) cancel();
      this.next();
    });
  }

  private release(bytes: number): void {
    this.held -= bytes;
    this.next();
  }

  private next(): void {
    for (const priority of priorities) {
      for (const entry of this.waiting) {
        if (this.running >= this.limits.atOnce) return;
        if (entry.priority !== priority) continue;
        this.waiting.delete(entry);
        entry.start();
      }
    }
  }
}

/** The place is free before the caller knows: it may send the next image at once. */
async function follow<Result>(work: () => Promise<Result>, end: () => void): Promise<Result> {
  try {
    return await work();
  } finally {
    end();
  }
}

function cancelled(): InferenceError {
  return new InferenceError("inference.cancelled", "The caller went away before the answer.");
}

function late(timeout: number): InferenceError {
  return new InferenceError(
    "inference.deadline",
    `The image was not decoded within ${Math.round(timeout)} ms.`,
    "Send smaller images, or fewer at a time.",
  );
}
