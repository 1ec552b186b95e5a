import { setTimeout as sleep } from "node:timers/promises";
import { describeVerdict, judge, parseThreshold } from "../bench/judge/threshold.ts";
import { StudioError, exitCodes } from "../errors.ts";
import type { HealthInput } from "./health.ts";

export interface WatchInput extends HealthInput {
  /** Milliseconds. */
  duration: number;
  thresholds: readonly string[];
  /** How often it had been started again when it was found healthy; null: that is not known. */
  restartsBefore: number | null;
}

export interface WatchFigures {
  requests: number;
  errors: number;
  probes: number;
  failedProbes: number;
}

const none = { total: 0, errors: 0 };

/** Milliseconds between two looks. */
const pause = 250;

/** Looks that may fail in a row before the release counts as lost. */
const toleratedMisses = 2;

/**
 * Looks on while a release takes public traffic: its own count of requests and errors, and a
 * request of ours through the public address every quarter of a second.
 */
export async function watchRelease(input: WatchInput): Promise<WatchFigures> {
  const { target, release, duration, signal, say } = input;
  const begun = performance.now();
  const first = await target.state(release);
  const before = first.requests ?? none;
  const restartsBefore = input.restartsBefore ?? first.restarts;
  const figures: WatchFigures = { requests: 0, errors: 0, probes: 0, failedProbes: 0 };
  let misses = 0;
  let left = duration;
  /** What a look takes: the last one ends when the time is over, and does not begin then. */
  let took = 0;
  do {
    await sleep(Math.max(0, Math.min(pause, left - took)), undefined, { signal });
    const looked = performance.now();
    const state = await target.state(release, { anew: true });
    const answered = await target.whoAnswers(release);
    figures.probes += 1;
    const restarted = state.restarts > restartsBefore;
    const healthy = answered === release.id && state.ready && !restarted;
    if (!healthy) figures.failedProbes += 1;
    misses = healthy ? 0 : misses + 1;
    const now = state.requests ?? none;
    figures.requests = now.total - before.total;
    figures.errors = now.errors - before.errors;
    say(
      `${figures.requests + figures.probes} requests, ${figures.errors + figures.failedProbes} errors`,
    );
    if (misses > toleratedMisses || restarted) {
      throw await failed(input, figures, "it stopped being healthy");
    }
    took = performance.now() - looked;
    left = duration - (performance.now() - begun);
  } while (left > took);
  const missed = judgeFigures(figures, input.thresholds);
  if (missed.length > 0) throw await failed(input, figures, `it missed ${missed.join(", ")}`);
  return figures;
}

/** Only what a watch can know is judged: the share of errors. */
function judgeFigures(figures: WatchFigures, texts: readonly string[]): string[] {
  const failedCount = figures.errors + figures.failedProbes;
  const total = figures.requests + figures.probes;
  const thresholds = texts.map(parseThreshold).filter((one) => one.metric === "errors");
  const verdicts = judge(thresholds, {
    requests: {
      scheduled: total,
      ok: total - failedCount,
      failed: failedCount,
      dropped: 0,
      unfinished: 0,
    },
    errorRate: total === 0 ? 0 : failedCount / total,
    rate: 0,
    latency: null,
    checks: { passed: 0, failed: 0 },
  });
  return verdicts.filter((verdict) => !verdict.passed).map(describeVerdict);
}

async function failed(input: WatchInput, figures: WatchFigures, why: string): Promise<StudioError> {
  return new StudioError({
    code: "watch.failed",
    message: `Release ${input.release.id} took the traffic, and ${why}.`,
    hint: "The release before serves again. `studio logs` and the lines above tell more.",
    exitCode: exitCodes.undone,
    details: { figures, log: await input.target.lastLines(input.release, 10) },
  });
}
