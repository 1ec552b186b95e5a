import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packRecording, unpackRecording } from "../../../../src/bench/measure/packed-recording.ts";
import { Recorder } from "../../../../src/bench/measure/recorder.ts";
import { mergeRecordings } from "../../../../src/bench/measure/recording.ts";
import { summarize } from "../../../../src/bench/measure/summary.ts";
import type { RunFacts } from "../../../../src/bench/measure/summary.ts";

const endings = ["ok", "refused", "time-out", "status", "dropped", "unfinished"] as const;
const anyRequest = fc.record({
  ending: fc.constantFrom(...endings),
  tag: fc.constantFrom("a", "b"),
  /** Milliseconds before now; more than 5000 is the warm-up. */
  ago: fc.integer({ min: 0, max: 6000 }),
});
type Request = { ending: (typeof endings)[number]; tag: string; ago: number };

const facts: RunFacts = {
  scenario: "any",
  model: "open",
  startedAt: "",
  users: 0,
  workers: 1,
  slotMs: 1000,
  interrupted: false,
  measured: { duration: 5000, ok: 0 },
};

function recordingOf(requests: readonly Request[]) {
  const now = performance.now();
  const recorder = new Recorder({ measureFrom: now - 5000, slotWidth: 1000 });
  for (const { ending, tag, ago } of requests) {
    if (ending === "dropped") {
      recorder.drop(tag, now - ago);
      continue;
    }
    const attempt = recorder.begin(tag, now - ago);
    if (ending === "ok") recorder.answer(attempt, 200, 2, null);
    if (ending === "status") recorder.answer(attempt, 500, 2, "status 500");
    if (ending === "refused") recorder.fail(attempt, "connection refused");
    if (ending === "time-out") recorder.fail(attempt, "time-out");
    if (ending === "unfinished") recorder.abandon(attempt);
  }
  return recorder.recording;
}

describe("what is recorded", () => {
  it("has every request that was due in the measured time in exactly one place", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 50 }), (requests) => {
        const summary = summarize(recordingOf(requests), facts);
        const { scheduled, ok, failed, dropped, unfinished } = summary.requests;
        expect(scheduled).toBe(requests.filter(({ ago }) => ago <= 5000).length);
        expect(scheduled).toBe(ok + failed + dropped + unfinished);
        const ofSlots = summary.slots.reduce((sum, slot) => sum + slot.requests.scheduled, 0);
        const ofTags = Object.values(summary.tags).reduce((sum, tag) => sum + tag.requests.ok, 0);
        expect({ ofSlots, ofTags }).toEqual({ ofSlots: scheduled, ofTags: ok });
        expect(summary.latency?.count ?? 0).toBe(ok + (summary.errors["time-out"] ?? 0));
      }),
      { numRuns: 40 },
    );
  });

  it("counts the response time from the intended start, the service time from the actual one", () => {
    const recorder = new Recorder({ measureFrom: performance.now() - 1000, slotWidth: 1000 });
    recorder.answer(recorder.begin("a", performance.now() - 500), 200, 2, null);
    const { latency, service } = summarize(recorder.recording, facts);
    expect(latency?.p50).toBeGreaterThanOrEqual(499);
    expect(service?.p50).toBeLessThan((latency?.p50 ?? 0) - 450);
    expect(recorder.recording.sendLag.min).toBeGreaterThanOrEqual(499_000);
  });

  it("goes from thread to thread and merges without loss", () => {
    const some: Request[] = endings.map((ending, index) => ({
      ending,
      tag: "a",
      ago: index * 900,
    }));
    const [left, right] = [recordingOf(some), recordingOf([...some, ...some])];
    const copy = unpackRecording(structuredClone(packRecording(right)));
    expect(packRecording(copy)).toEqual(packRecording(right));
    const { requests, latency, statuses, errors } = summarize(mergeRecordings([left, copy]), facts);
    expect(requests).toEqual({ scheduled: 18, ok: 3, failed: 9, dropped: 3, unfinished: 3 });
    expect(latency?.count).toBe(6);
    expect({ statuses, errors }).toEqual({
      statuses: { "200": 3, "500": 3 },
      errors: { "connection refused": 3, "status 500": 3, "time-out": 3 },
    });
  });
});
