import { expect, test } from "vitest";
import { compareReports } from "../../../../src/bench/compare/compare-reports.ts";
import { samplesOf } from "../../../../src/bench/compare/samples.ts";
import type { Samples } from "../../../../src/bench/compare/samples.ts";
import { newRecording, newSlot } from "../../../../src/bench/measure/recording.ts";
import type { BenchReport } from "../../../../src/bench/report/bench-report.ts";
import { sampleReport } from "../report/sample-report.ts";

function runOf(factor: number, changes: Partial<BenchReport> = {}): BenchReport {
  const list = Array.from({ length: 10 }, (_, index) => {
    return { p50: factor * (10 + index / 10), p95: factor * (20 + index / 5), count: 100 };
  });
  const samples: Samples = { kind: "repeat", list };
  return sampleReport({ samples, ...changes });
}

const apart = { paired: false, force: false };
const { fingerprint, summary, generator } = sampleReport();

test("a slower run is told apart from the base, with no doubt", () => {
  expect(compareReports(runOf(1), runOf(1.5), apart)).toMatchObject({
    judgement: "slower",
    doubts: [],
  });
  expect(compareReports(runOf(1.5), runOf(1), apart)).toMatchObject({ judgement: "faster" });
});

test.each<[string, Partial<BenchReport>, RegExp]>([
  [
    "another machine",
    { fingerprint: { ...fingerprint, cores: 64 } },
    /differ in cores: 2, then 64/,
  ],
  ["another load", { load: "y" }, /load was not the same/],
  ["another scenario", { summary: { ...summary, scenario: "other" } }, /scenarios differ: sample/],
  [
    "a run that is not valid",
    { generator: { ...generator, valid: false, reasons: ["Late."] } },
    /Late/,
  ],
])("%s makes a comparison inconclusive, unless it is forced", (_what, changes, doubt) => {
  const other = runOf(1.5, changes);
  const { judgement, doubts } = compareReports(runOf(1), other, apart);
  expect(judgement).toBe("inconclusive");
  expect(doubts.join()).toMatch(doubt);
  const forced = compareReports(runOf(1), other, { ...apart, force: true });
  expect(forced.judgement).toBe("slower");
  expect(forced.doubts).toEqual(doubts);
});

test("pieces of single runs are compared with a word about what they leave out", () => {
  const once = (factor: number) =>
    runOf(factor, { samples: { ...runOf(factor).samples, kind: "block" } });
  const { judgement, doubts } = compareReports(once(1), once(1.5), apart);
  expect(judgement).toBe("slower");
  expect(doubts.join()).toMatch(/made once/);
});

test("a run is cut into at most 20 pieces, without those of too few requests", () => {
  const recording = newRecording();
  for (let second = 0; second < 60; second += 1) {
    const slot = newSlot();
    for (let request = 0; request < 10; request += 1) slot.response.record(1000 * (second + 1));
    recording.slots.set(second, slot);
  }
  const { kind, list } = samplesOf([recording]);
  expect({ kind, pieces: list.length, first: list[0]?.count }).toEqual({
    kind: "block",
    pieces: 20,
    first: 30,
  });
  recording.slots.clear();
  expect(samplesOf([recording]).list).toEqual([]);
});
