import type { GeneratorHealth } from "../measure/generator-health.ts";
import type { BenchSummary } from "../measure/summary.ts";

/** What a generator may do and its figures still be about the target. */
export interface HealthLimits {
  /** Milliseconds. */
  sendLagP99: number;
  sendLagMax: number;
  eventLoopDelayMax: number;
  /** 0 to 1. */
  steal: number;
}

export const defaultLimits: HealthLimits = {
  sendLagP99: 25,
  sendLagMax: 200,
  eventLoopDelayMax: 200,
  steal: 0.05,
};

export interface Validity {
  valid: boolean;
  /** Why not, in whole sentences; empty when valid. */
  reasons: string[];
}

/** Failures that are none of the target's. */
const ownFailures = ["too many open files on this side", "no free local port on this side"];

/** Whether requests failed for want of something on the machine that generates the load. */
export function hasOwnFailures({ errors }: Pick<BenchSummary, "errors">): boolean {
  return ownFailures.some((reason) => (errors[reason] ?? 0) > 0);
}

/** Whether a run says something about its target, or about the machine that generated the load. */
export function judgeValidity(
  health: GeneratorHealth,
  summary: Pick<BenchSummary, "requests" | "errors">,
  limits: HealthLimits = defaultLimits,
): Validity {
  const reasons = [...lateness(health, limits), ...accounts(summary)];
  return { valid: reasons.length === 0, reasons };
}

function lateness(health: GeneratorHealth, limits: HealthLimits): string[] {
  const { sendLag, eventLoopDelay, steal } = health;
  const reasons: string[] = [];
  const compare = (what: string, actual: number, limit: number) => {
    if (actual <= limit) return;
    reasons.push(`${what} ${actual.toFixed(0)} ms, and ${limit} ms is the limit.`);
  };
  if (sendLag !== null) {
    compare("One in a hundred requests was sent late by", sendLag.p99, limits.sendLagP99);
    compare("A request was sent late by", sendLag.max, limits.sendLagMax);
  }
  compare("The generator stood still for", eventLoopDelay.max, limits.eventLoopDelayMax);
  if (steal !== null && steal > limits.steal) {
    const percent = (share: number) => `${(share * 100).toFixed(0)} %`;
    const limit = percent(limits.steal);
    reasons.push(`The host took ${percent(steal)} of the processors, and ${limit} is the limit.`);
  }
  return reasons;
}

function accounts({ requests, errors }: Pick<BenchSummary, "requests" | "errors">): string[] {
  const { scheduled, ok, failed, dropped, unfinished } = requests;
  const reasons: string[] = [];
  const lost = scheduled - ok - failed - dropped - unfinished;
  if (lost !== 0) reasons.push(`What became of ${lost} requests is not known.`);
  for (const reason of ownFailures) {
    const count = errors[reason] ?? 0;
    if (count > 0) reasons.push(`${count} requests could not be sent: ${reason}.`);
  }
  return reasons;
}
