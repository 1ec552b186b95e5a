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

/**
 * What one run measured. Every request that was sent is in exactly one of ok, failed and
 * unfinished; the counts in `errors` add up to `requests.failed`.
 */
export interface BenchSummary {
  scenario: string;
  /** ISO 8601, UTC: the first measured moment. */
  startedAt: string;
  /** The measured time: without the warm-up, and without the wait for the last answers. */
  durationMs: number;
  users: number;
  requests: { sent: number; ok: number; failed: number; unfinished: number };
  /** failed / (ok + failed), 0 to 1; 1 when not one request came to an end. */
  errorRate: number;
  /** Requests answered as expected, per second of the measured time. */
  rate: number;
  /**
   * Of the requests answered as expected, and of time-outs with the time that was waited for
   * them: leaving those out would flatter the tail. Null when there is no sample.
   */
  latency: LatencySummary | null;
  /** Answers that met, or did not meet, what their request expects. */
  checks: { passed: number; failed: number };
  /** Answers by status code. */
  statuses: Record<string, number>;
  /** Failed requests by reason. */
  errors: Record<string, number>;
  /** Bytes of the complete answers, headers included. */
  bytes: number;
  /** True when the run was stopped by its caller: the figures cover a part only. */
  interrupted: boolean;
}

/** Where a run stands; given about twice a second. */
export interface BenchProgress {
  elapsedMs: number;
  totalMs: number;
  warmingUp: boolean;
  requests: BenchSummary["requests"];
}

/** `requests.failed` as a share of what came to an end; 1 when nothing did. */
export function errorRateOf(requests: { ok: number; failed: number }): number {
  const completed = requests.ok + requests.failed;
  return completed === 0 ? 1 : requests.failed / completed;
}
