import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { compareReports } from "../../../src/bench/compare/compare-reports.ts";
import { benchReport } from "../../../src/bench/report/bench-report.ts";
import { runBench, runInterleaved } from "../../../src/bench/run.ts";
import { setBaseline } from "../../../src/deploy/bench-baselines.ts";
import { compareRuns } from "../../../src/deploy/compare-bench.ts";
import { insertBenchRun } from "../../../src/ledger/bench-runs.ts";
import { openLedger } from "../../../src/ledger/ledger.ts";
import { sampleReport } from "../../unit/bench/report/sample-report.ts";
import { serve } from "./servers.ts";
import type { RunningServer } from "./servers.ts";

const run = { environment: "local", url: "http://127.0.0.1", studio: "0" };
let folder: string;
let quick: RunningServer;
let slow: RunningServer;
const asked: string[] = [];

function answersAfter(name: string, milliseconds: number): Promise<RunningServer> {
  return serve((_, response) => {
    asked.push(name);
    setTimeout(() => response.end("ok"), milliseconds);
  });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "studio-compare-"));
  const scenario = "name: few\nusers: 5\nduration: 200ms\nrequests: [{ path: / }]";
  writeFileSync(join(folder, "few.yaml"), scenario);
  quick = await answersAfter("quick", 2);
  slow = await answersAfter("slow", 40);
});

afterAll(async () => {
  await quick.close();
  await slow.close();
  rmSync(folder, { recursive: true });
});

test("two targets are loaded in turns, and the slower one is found", async () => {
  const targets = [{ url: quick.url }, { url: slow.url }] as const;
  const input = { name: "few", folders: [folder], repeats: 6, overrides: {} };
  const [one, other] = await runInterleaved({ ...input, targets });
  const turns = asked.filter((name, index) => name !== asked[index - 1]);
  expect(turns.slice(0, 5)).toEqual(["quick", "slow", "quick", "slow", "quick"]);
  expect(one.samples).toMatchObject({ kind: "repeat" });
  expect(one.samples.list).toHaveLength(6);
  const [left, right] = [
    benchReport(one, { ...run, id: "a" }),
    benchReport(other, { ...run, id: "b" }),
  ];
  const { judgement, samples } = compareReports(left, right, { paired: true, force: true });
  expect({ judgement, paired: samples.paired }).toEqual({ judgement: "slower", paired: true });
});

test("repeats become one run that counts all of their requests", async () => {
  const target = { url: quick.url };
  const before = asked.length;
  const { summary, samples } = await runBench({
    name: "few",
    folders: [folder],
    target,
    repeats: 3,
  });
  expect(summary.requests.scheduled).toBe(asked.length - before);
  expect(summary.durationMs).toBeGreaterThan(590);
  expect(summary.slots.map(({ at }) => at)).toEqual([0, 1000, 2000]);
  expect(samples.list).toHaveLength(3);
});

describe("baselines in the ledger", () => {
  let desk: Parameters<typeof setBaseline>[0];
  let home: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "studio-baselines-"));
    const ledger = join(home, ".studio", "state.db");
    desk = { paths: { ledger }, environment: "local", now: () => new Date(0) } as typeof desk;
  });

  afterEach(() => rmSync(home, { recursive: true }));

  function keep(id: string, scenario: string, factor: number, valid = true): void {
    const report = sampleReport({ id });
    report.summary.scenario = scenario;
    report.generator.valid = valid;
    const list = Array.from({ length: 8 }, (_, index) => {
      return { p50: factor * (10 + index / 10), p95: factor * (30 + index / 10), count: 100 };
    });
    report.samples = { kind: "repeat", list };
    const ledger = openLedger(desk.paths.ledger);
    const { startedAt } = report.summary;
    insertBenchRun(ledger, { environment: "local", scenario, startedAt, report });
    ledger.close();
  }

  test("a name stands for a run of each scenario, and can be moved", () => {
    keep("20261120T210500Z-aaaa", "smoke", 1);
    keep("20261120T210600Z-aaaa", "stress", 1);
    keep("20261120T210700Z-aaaa", "smoke", 1.5);
    setBaseline(desk, { name: "main", run: "20261120T2105" });
    setBaseline(desk, { name: "main", run: "20261120T2106" });
    expect(compareRuns(desk, ["main", "latest"], false)).toMatchObject({
      judgement: "slower",
      base: { id: "20261120T210500Z-aaaa" },
      other: { id: "20261120T210700Z-aaaa" },
    });
    expect(setBaseline(desk, { name: "main", run: "latest" })).toEqual({
      name: "main",
      scenario: "smoke",
      run: "20261120T210700Z-aaaa",
      before: "20261120T210500Z-aaaa",
    });
    expect(compareRuns(desk, ["main", "latest"], false).judgement).toBe("same");
  });

  test("a name that stands for nothing, or a run that is not valid, is refused", () => {
    keep("20261120T210500Z-aaaa", "smoke", 1, false);
    const refused = expect.objectContaining({ exitCode: 2 });
    expect(() => compareRuns(desk, ["main", "latest"], false)).toThrow(refused);
    expect(() => setBaseline(desk, { name: "main", run: "latest" })).toThrow(/not valid/);
    expect(() => setBaseline(desk, { name: "2026", run: "latest" })).toThrow(refused);
    expect(() => setBaseline(desk, { name: "main", run: "2025" })).toThrow(refused);
  });
});
