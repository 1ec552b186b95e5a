import { LRUCache } from "lru-cache";
import { type Decision, type Quota, decide } from "./gcra.ts";

/** So many callers are remembered; of more, those that were quiet longest begin anew. */
const mostCallers = 50_000;

/** Counts requests in the memory of this process. */
export class MemoryCounts {
  readonly #arrivals = new LRUCache<string, number[]>({ max: mostCallers });
  readonly #clock: () => number;

  /** @param clock milliseconds that never go back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  take(caller: string, quotas: readonly Quota[]): Decision {
    const now = this.#clock();
    const known = this.#arrivals.get(caller) ?? [];
    const arrivals = quotas.map((_, index) => Math.max(known[index] ?? now, now));
    const { decision, after } = decide(quotas, arrivals, now);
    if (decision.allowed) this.#arrivals.set(caller, after);
    return decision;
  }
}
