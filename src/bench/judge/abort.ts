import type { BenchProgress } from "../measure/summary.ts";
import { judge, parseThreshold } from "./threshold.ts";
import type { Threshold } from "./threshold.ts";

/** A threshold that ends a run. */
export interface Abort {
  text: string;
  /** Milliseconds that are measured before it is looked at. */
  after: number;
}

/** Looks on while a run is made, and ends it when it cannot be saved any more. */
export class AbortWatch {
  readonly #thresholds: { threshold: Threshold; after: number }[];
  readonly #warmUp: number;
  readonly #ending = new AbortController();
  /** The threshold that ended the run, or null. */
  missed: string | null = null;

  constructor(aborts: readonly Abort[], warmUp: number) {
    this.#warmUp = warmUp;
    this.#thresholds = aborts.map(({ text, after }) => ({
      threshold: parseThreshold(text),
      after,
    }));
  }

  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  look({ elapsedMs, warmingUp, requests, latency }: BenchProgress): void {
    if (warmingUp || this.missed !== null) return;
    const measured = elapsedMs - this.#warmUp;
    const ended = requests.ok + requests.failed;
    const due = this.#thresholds.filter(({ after }) => measured >= after);
    if (due.length === 0 || ended === 0) return;
    const figures = {
      requests,
      latency,
      errorRate: requests.failed / ended,
      rate: (requests.ok * 1000) / measured,
      checks: { passed: 0, failed: 0 },
    };
    const verdicts = judge(
      due.map(({ threshold }) => threshold),
      figures,
    );
    this.missed = verdicts.find((verdict) => !verdict.passed)?.text ?? null;
    if (this.missed !== null) this.#ending.abort();
  }
}
