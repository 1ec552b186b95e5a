import { setTimeout as delay } from "node:timers/promises";
import { isTransient } from "./transient.ts";

/** For as long a server that has answered before may fail, in milliseconds. */
const usualPatience = 60_000;
/** The same for one that never answered: most likely its address is wrong. */
const patienceAtFirst = 3_000;
const shortestPause = 50;
const longestPause = 3_000;
/** Of one attempt, in milliseconds: a few megabytes over a slow line. */
const attemptLimit = 300_000;

/** Tries requests again, with growing random pauses, while they fail for reasons that may pass. */
export class Patience {
  readonly #limit: number;
  #answered = false;

  /** @param limit milliseconds, instead of a minute */
  constructor(limit = usualPatience) {
    this.#limit = limit;
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
        const limit = this.#answered ? this.#limit : Math.min(this.#limit, patienceAtFirst);
        if (performance.now() - start + pause > limit) {
          // Whatever is tried next, such as giving a lock free, need not wait as long once more.
          this.#answered = false;
          throw error;
        }
        await delay(pause);
      }
    }
  }
}
