import type { Link } from "../../../linked-list.ts";
import type { InferenceError } from "../../inference-error.ts";
import { cancelled, late } from "../../model-errors.ts";
import type { JobOptions } from "../../pending-request.ts";

/** Someone who waits for a search: until their deadline, or until they go away. */
export class SearchCaller {
  /** Milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** Its place among those whose deadlines are watched. */
  watched: Link<SearchCaller> | null = null;
  /** Rejects once the caller waits no longer. */
  readonly gone: Promise<never>;
  /** Called then, too: whatever is at work for the caller can be given up. */
  onGone: () => void = ignore;
  private readonly options: JobOptions;
  private error: InferenceError | null = null;
  private reject: (error: InferenceError) => void = ignore;

  /** @throws InferenceError `inference.cancelled`, `inference.deadline` when it is over already */
  constructor(options: JobOptions) {
    const { timeout, signal } = options;
    if (signal?.aborted === true) throw cancelled();
    if (timeout <= 0) throw tooLate(timeout);
    this.options = options;
    this.deadline = performance.now() + timeout;
    this.gone = new Promise((_, reject) => {
      this.reject = reject;
    });
    signal?.addEventListener("abort", this.cancel, { once: true });
  }

  /** @throws InferenceError `inference.cancelled`, `inference.deadline` once nobody waits any more */
  check(): void {
    this.endIfLate(performance.now());
    if (this.error !== null) throw this.error;
  }

  /** Ends the waiting at the deadline, and tells whether it did. */
  endIfLate(now: number): boolean {
    if (this.deadline > now) return false;
    this.end(tooLate(this.options.timeout));
    return true;
  }

  /** The caller was answered. */
  answered(): void {
    this.options.signal?.removeEventListener("abort", this.cancel);
    this.onGone = ignore;
  }

  private readonly cancel = (): void => {
    this.end(cancelled());
  };

  private end(error: InferenceError): void {
    if (this.error !== null) return;
    this.error = error;
    this.reject(error);
    this.onGone();
  }
}

function tooLate(timeout: number): InferenceError {
  return late("The search gave no answer", timeout);
}

function ignore(): void {}
