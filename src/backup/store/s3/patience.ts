import { setTimeout as delay } from "node:timers/promises";
import { isTransient } from "./transient.ts";

/** For as long a server that has answered before may fail, in milliseconds. */
const usualPatience = 60_000;
/**
 * The same for one that never answered, most likely because its address is wrong, and while somebody
 * waits for the end.
 */
const shortPatience = 3_000;
const shortestPause = 50;
const longestPause = 3_000;
/** Of one attempt, in milliseconds: a few megabytes over a slow line. */
const attemptLimit = 300_000;

/** Tries requests again, with growing random pauses, while they fail for reasons that may pass. */
export class Patience {
  readonly #limit: number;
  readonly #hurry: AbortSignal | undefined;
  #answered = false;

  /**
   * @param limit milliseconds, instead of a minute
   * @param signal once it is aborted, patience is short
   */
  constructor(limit = usualPatience, signal?: AbortSignal) {
    this.#limit = limit;
    this.#hurry = signal;
  }

  /** @param action does one attempt, of which the first has number 1 */
  async run<T>(action: (attempt: number, signal: AbortSignal) => Promise<T>): Promise<T> {
    const start = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        const result = await action(attempt, AbortSignal.timeout(attemptLimit));
        this.#answered = true;
        return result;
      } catch (error) {
        if (!isTransient(error, attempt)) throw error;
        const pause = Math.random() * Math.min(longestPause, shortestPause * 2 ** attempt);
        if (performance.now() - start + pause > this.#limitNow()) {
          // Whatever is tried next, such as giving a lock free, need not wait as long once more.
          this.#answered = false;
          throw error;
        }
        await delay(pause);
      }
    }
  }

  #limitNow(): number {
    const usual = this.#answered && this.#hurry?.aborted !== true;
    return usual ? this.#limit : Math.min(this.#limit, shortPatience);
  }
}
