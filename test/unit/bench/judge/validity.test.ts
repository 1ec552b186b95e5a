import { describe, expect, it } from "vitest";
import { defaultLimits, judgeValidity } from "../../../../src/bench/judge/validity.ts";
import type { GeneratorHealth } from "../../../../src/bench/measure/generator-health.ts";
import { Histogram, summarizeLatency } from "../../../../src/bench/measure/histogram.ts";

const requests = { scheduled: 100, ok: 97, failed: 2, dropped: 1, unfinished: 0 };
const sound: GeneratorHealth = {
  sendLag: lagOf(100, 1),
  eventLoopDelay: { p99: 3, max: 30 },
  steal: 0,
  processors: 0.4,
};

/** A hundred requests, of which the last `late` ones were sent so many milliseconds late. */
function lagOf(late: number, milliseconds: number) {
  const histogram = new Histogram();
  for (let index = 0; index < 100; index += 1) {
    histogram.record(index < 100 - late ? 500 : milliseconds * 1000);
  }
  return summarizeLatency(histogram);
}

describe("a run", () => {
  it("is valid when its generator kept up and every request is accounted for", () => {
    expect(judgeValidity(sound, { requests, errors: {} })).toEqual({ valid: true, reasons: [] });
    const unknown = { ...sound, steal: null, sendLag: null };
    expect(judgeValidity(unknown, { requests, errors: {} }).valid).toBe(true);
  });

  it.each<[string, Partial<GeneratorHealth>, RegExp]>([
    ["two in a hundred requests were late", { sendLag: lagOf(2, 60) }, /sent late by 60 ms/],
    ["it stood still for a moment", { sendLag: lagOf(1, 300) }, /A request was sent late by 300/],
    ["its event loop hung", { eventLoopDelay: { p99: 1, max: 300 } }, /stood still for 300 ms/],
    ["the host took its processors", { steal: 0.2 }, /took 20 % of the processors/],
  ])("is invalid when %s, and says so", (_, change, reason) => {
    const { valid, reasons } = judgeValidity({ ...sound, ...change }, { requests, errors: {} });
    expect(valid).toBe(false);
    expect(reasons.join(" ")).toMatch(reason);
  });

  it("is invalid when a request is lost, or could not be sent for want of ports", () => {
    const lost = { ...requests, scheduled: 101 };
    expect(judgeValidity(sound, { requests: lost, errors: {} }).reasons).toEqual([
      "What became of 1 requests is not known.",
    ]);
    const errors = { "no free local port on this side": 2 };
    expect(judgeValidity(sound, { requests, errors }).valid).toBe(false);
    expect(judgeValidity(sound, { requests, errors: { "connection reset": 2 } }).valid).toBe(true);
  });

  it("is judged by limits that can be given", () => {
    const health = { ...sound, sendLag: lagOf(2, 60) };
    const limits = { ...defaultLimits, sendLagP99: 100 };
    expect(judgeValidity(health, { requests, errors: {} }, limits).valid).toBe(true);
  });
});
