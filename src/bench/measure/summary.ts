import { summarizeLatency } from "./histogram.ts";
import { wholeOf } from "./recording.ts";
import type { Counts, Recording } from "./recording.ts";

/** Latency figures in milliseconds with fractions (resolution 1 µs, 3 significant figures). */
export interface LatencySummary {
  /** How many samples the figures stand on. */
  count: number;
  p50: number;
  p75: number;
  p90: number;
  p95: number;
  p99: number;
  p999: number;
  mean: number;
  min: number;
  max: number;
}

/** What a threshold is compared with: a whole run, or the requests of one tag. */
export interface Figures {
  requests: Counts;
  /** failed / (ok + failed), 0 to 1; 1 when not one request came to an end. */
  errorRate: number;
  /** Requests answered as expected, per second of the measured time. */
  rate: number;
  /**
   * Of the requests answered as expected, and of time-outs with the time that was waited for
   * them: leaving those out would flatter the tail. From the intended start, which in a closed
   * model is the actual one. Null when there is no sample.
   */
  latency: LatencySummary | null;
  /** Answers that met, or did not meet, what their request expects. */
  checks: { passed: number; failed: number };
}

/** A piece of the run; times in milliseconds. */
export interface SlotSummary {
  /** Its beginning, from the first measured moment. */
  at: number;
  requests: Counts;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  max: number | null;
}

/** How the load is given: by users who wait for their answers, or by a rate that waits for none. */
export type Model = "closed" | "open";

/** What one run measured; the counts in `errors` add up to `requests.failed`. */
export interface BenchSummary extends Figures {
  scenario: string;
  model: Model;
  /** ISO 8601, UTC: the first measured moment. */
  startedAt: string;
  /** The measured time: without the warm-up, and without the wait for the last answers. */
  durationMs: number;
  /** 0 in an open model. */
  users: number;
  /** Threads that generated the load. */
  workers: number;
  /** The same requests as in `latency`, from the moment at which they were sent. */
  service: LatencySummary | null;
  /** By kind of request. */
  tags: Record<string, Figures & { service: LatencySummary | null }>;
  slots: SlotSummary[];
  /** Milliseconds of one slot. */
  slotMs: number;
  /** Answers by status code. */
  statuses: Record<string, number>;
  /** Failed requests by reason. */
  errors: Record<string, number>;
  /** Bytes of the complete answers: bodies, and in a closed model their headers. */
  bytes: number;
  /** True when the run was stopped by its caller: the figures cover a part only. */
  interrupted: boolean;
}

/** What the recording itself does not know of its run. */
export interface RunFacts
  extends Pick<
    BenchSummary,
    "scenario" | "model" | "startedAt" | "users" | "workers" | "slotMs" | "interrupted"
  > {
  /** Milliseconds measured, and the requests answered as expected in that time. */
  measured: { duration: number; ok: number };
}

/** Where a run stands; given about twice a second. */
export interface BenchProgress {
  elapsedMs: number;
  totalMs: number;
  warmingUp: boolean;
  requests: Counts;
  /** Of the run so far. */
  latency: LatencySummary | null;
}

/** The figures of a recording, for people and thresholds. */
export function summarize(recording: Recording, { measured, ...facts }: RunFacts): BenchSummary {
  const { counts, checks, response, service } = wholeOf(recording);
  return {
    ...facts,
    durationMs: measured.duration,
    requests: counts,
    errorRate: errorRateOf(counts),
    rate: measured.duration === 0 ? 0 : (measured.ok * 1000) / measured.duration,
    latency: summarizeLatency(response),
    service: summarizeLatency(service),
    tags: summarizeTags(recording, measured.duration),
    slots: summarizeSlots(recording, facts.slotMs),
    checks,
    statuses: Object.fromEntries(recording.statuses),
    errors: Object.fromEntries(recording.failures),
    bytes: recording.bytes,
  };
}

function summarizeTags({ tags }: Recording, duration: number): BenchSummary["tags"] {
  const entries = [...tags].map(([name, { counts, checks, response, service }]) => {
    const figures = {
      requests: counts,
      errorRate: errorRateOf(counts),
      rate: duration === 0 ? 0 : (counts.ok * 1000) / duration,
      latency: summarizeLatency(response),
      service: summarizeLatency(service),
      checks,
    };
    return [name, figures] as const;
  });
  return Object.fromEntries(entries);
}

function summarizeSlots({ slots }: Recording, slotMs: number): SlotSummary[] {
  const inOrder = [...slots].sort(([left], [right]) => left - right);
  return inOrder.map(([number, slot]) => {
    const latency = summarizeLatency(slot.response);
    const { p50 = null, p95 = null, p99 = null, max = null } = latency ?? {};
    return { at: number * slotMs, requests: slot.counts, p50, p95, p99, max };
  });
}

/** `failed` as a share of what came to an end; 1 when nothing did. */
function errorRateOf(requests: { ok: number; failed: number }): number {
  const completed = requests.ok + requests.failed;
  return completed === 0 ? 1 : requests.failed / completed;
}

/** The most pieces that a run is cut into. */
const mostSlots = 600;

/** Milliseconds of one slot of a run: a second, or more in a run of more than ten minutes. */
export function slotWidthOf(duration: number): number {
  return Math.max(1, Math.ceil(duration / 1000 / mostSlots)) * 1000;
}
