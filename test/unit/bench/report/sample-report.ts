import { Histogram } from "../../../../src/bench/measure/histogram.ts";
import type { SlotSummary } from "../../../../src/bench/measure/summary.ts";
import { summarizeLatency } from "../../../../src/bench/measure/histogram.ts";
import type { BenchReport } from "../../../../src/bench/report/bench-report.ts";

/** A run of ten seconds at 100 a second; latency grows from 1 to 100 ms in each of them. */
export function sampleReport(changes: Partial<BenchReport> = {}): BenchReport {
  const response = new Histogram();
  for (let sample = 0; sample < 1000; sample += 1) response.record(1000 * (1 + (sample % 100)));
  const requests = { scheduled: 1010, ok: 1000, failed: 6, dropped: 3, unfinished: 1 };
  const slots = Array.from({ length: 10 }, (_, second): SlotSummary => {
    const counts = { scheduled: 101, ok: 100, failed: 1, dropped: 0, unfinished: 0 };
    const times = second === 4 ? null : second + 1;
    return { at: second * 1000, requests: counts, p50: times, p95: times, p99: times, max: times };
  });
  const latency = summarizeLatency(response);
  return {
    format: 2,
    id: "20261120T210500Z-k3xq",
    environment: "local",
    url: "http://127.0.0.1:8000/?a=1&b=<2>",
    studio: "0.1.0",
    fingerprint: { processor: "x", cores: 2, memory: 1, system: "linux", node: "v24.0.0" },
    summary: {
      scenario: "sample",
      model: "open",
      startedAt: "2026-11-20T21:05:00.000Z",
      durationMs: 10_000,
      users: 0,
      workers: 1,
      requests,
      errorRate: 6 / 1006,
      rate: 100,
      latency,
      service: latency,
      checks: { passed: 1000, failed: 6 },
      tags: {
        "GET /<script>": {
          requests,
          errorRate: 0,
          rate: 100,
          latency,
          service: latency,
          checks: { passed: 0, failed: 0 },
        },
      },
      slots,
      slotMs: 1000,
      statuses: { 200: 1000, 503: 6 },
      errors: { "status 503": 6 },
      bytes: 1000,
      interrupted: false,
    },
    verdicts: [
      { text: "p95<500ms", metric: "p95", limit: 500, actual: 95, passed: true },
      { text: "errors<0.1%", metric: "errors", limit: 0.1, actual: 0.596, passed: false },
    ],
    histograms: {
      tags: { "GET /<script>": { response: response.toText(), service: response.toText() } },
      sendLag: new Histogram().toText(),
    },
    generator: {
      sendLag: latency,
      eventLoopDelay: { p99: 1, max: 2 },
      steal: 0,
      processors: 0.1,
      valid: true,
      reasons: [],
    },
    passed: false,
    reachable: true,
    aborted: null,
    samples: { kind: "block", list: [] },
    load: "x",
    ...changes,
  };
}
