import { setImmediate as others } from "node:timers/promises";
import type { Cancellation } from "./cancellation.ts";
import { cancelled, late } from "./model-errors.ts";

/** How long a caller waits for work that is done a piece at a time on the thread of all requests. */
export class Patience {
  private readonly timeout: number;
  private readonly signal: Cancellation | undefined;
  private readonly deadline: number;

  /** @param options.timeout milliseconds from now */
  constructor(options: { timeout: number; signal?: Cancellation | undefined }) {
    this.timeout = options.timeout;
    this.signal = options.signal;
    this.deadline = performance.now() + options.timeout;
  }

  /** Milliseconds that are left. */
  get left(): number {
    return Math.max(0, this.deadline - performance.now());
  }

  /** @throws InferenceError `inference.cancelled`, `inference.deadline` once nobody waits any more */
  check(): void {
    if (this.signal?.aborted === true) throw cancelled();
    if (this.left === 0) throw late("The work was not done", this.timeout);
  }

  /** Lets other requests have their turn. @throws InferenceError as `check` */
  async nextTurn(): Promise<void> {
    await others();
    this.check();
  }
}
