import { Histogram, summarizeLatency } from "./histogram.ts";
import { errorRateOf } from "./summary.ts";
import type { BenchSummary } from "./summary.ts";

/** A request on its way. */
export interface Attempt {
  /** performance.now() when it was sent. */
  startedAt: number;
  /** False during the warm-up: whatever becomes of it is not counted. */
  measured: boolean;
}

/** Counts what becomes of each request; times are of performance.now(), in milliseconds. */
export class Recorder {
  readonly #measureFrom: number;
  readonly #startedAt: string;
  readonly #latency = new Histogram();
  readonly #requests = { sent: 0, ok: 0, failed: 0, unfinished: 0 };
  readonly #checks = { passed: 0, failed: 0 };
  readonly #statuses = new Map<string, number>();
  readonly #errors = new Map<string, number>();
  #bytes = 0;
  #answers = 0;
  #failures = 0;
  #lastAt: number;
  #closed: { at: number; ok: number } | undefined;

  /** @param measureFrom requests sent before it are the warm-up. */
  constructor(measureFrom: number) {
    this.#measureFrom = measureFrom;
    // Not timeOrigin, which falls behind the clock when the machine sleeps.
    this.#startedAt = new Date(Date.now() + measureFrom - performance.now()).toISOString();
    this.#lastAt = measureFrom;
  }

  send(): Attempt {
    const startedAt = performance.now();
    const measured = startedAt >= this.#measureFrom;
    if (measured) this.#requests.sent += 1;
    return { startedAt, measured };
  }

  /** The request was answered; `expected` says whether with a status that it hopes for. */
  answer(attempt: Attempt, status: number, bytes: number, expected: boolean): void {
    this.#answers += 1;
    if (!attempt.measured) return;
    this.#lastAt = performance.now();
    this.#bytes += bytes;
    add(this.#statuses, String(status));
    this.#checks[expected ? "passed" : "failed"] += 1;
    if (!expected) return this.#fail(`status ${status}`);
    this.#requests.ok += 1;
    this.#latency.record((this.#lastAt - attempt.startedAt) * 1000);
  }

  /** The request came to an end without an answer. */
  fail(attempt: Attempt, reason: string): void {
    this.#failures += 1;
    if (!attempt.measured) return;
    this.#lastAt = performance.now();
    this.#fail(reason);
    if (reason === timedOut) this.#latency.record((this.#lastAt - attempt.startedAt) * 1000);
  }

  /** The run ended before the request did. */
  abandon(attempt: Attempt): void {
    if (attempt.measured) this.#requests.unfinished += 1;
  }

  #fail(reason: string): void {
    this.#requests.failed += 1;
    add(this.#errors, reason);
  }

  /** Ends the measured time; answers that still come count, but no longer towards the rate. */
  close(at: number = this.#lastAt): void {
    this.#closed ??= { at, ok: this.#requests.ok };
  }

  /** Answers of any kind, those of the warm-up included. */
  get answers(): number {
    return this.#answers;
  }

  /** Requests that came to an end without an answer, those of the warm-up included. */
  get failures(): number {
    return this.#failures;
  }

  get requests(): BenchSummary["requests"] {
    return { ...this.#requests };
  }

  summarize(run: Pick<BenchSummary, "scenario" | "users" | "interrupted">): BenchSummary {
    const { at, ok } = this.#closed ?? { at: this.#lastAt, ok: this.#requests.ok };
    const durationMs = Math.max(0, at - this.#measureFrom);
    return {
      ...run,
      startedAt: this.#startedAt,
      durationMs,
      requests: this.requests,
      errorRate: errorRateOf(this.#requests),
      rate: durationMs === 0 ? 0 : (ok * 1000) / durationMs,
      latency: summarizeLatency(this.#latency),
      checks: { ...this.#checks },
      statuses: Object.fromEntries(this.#statuses),
      errors: Object.fromEntries(this.#errors),
      bytes: this.#bytes,
    };
  }
}

/** The one reason that also counts as a latency: see BenchSummary. */
export const timedOut = "time-out";

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
