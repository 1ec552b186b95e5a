import { expect, test } from "vitest";
import type { BenchModel } from "../../../benchmarks/serve/models.ts";
import { besideFastapi, isMet, type Row, targetsOf } from "../../../benchmarks/serve/targets.ts";

const figures = { items: 100, processorTime: 1, p50: 1, p99: 2, health: 1 };
const model = {
  name: "tiny",
  ofRaw: 0.9,
  ofHello: null,
  ofEvening: null,
  ofFastapi: 2,
  besideFastapi: null,
  health: false,
  hop: null,
} as unknown as BenchModel;

const row = (subject: string): Row => ({ model: "tiny", subject, figures: [figures] });

test("targets that were not measured are told apart from those that were missed", () => {
  const targets = targetsOf(model, [row("studio"), row("raw")]);
  expect(targets.map(({ name, value }) => [name, value])).toEqual([
    ["items a second, of the bare session", 1],
    ["requests a second, of FastAPI's", null],
    ["p99 at one rate, of FastAPI's", null],
  ]);
  expect(targets.map(isMet)).toEqual([true, false, false]);
});

test("beside FastAPI they are measured like all others", () => {
  const subjects = ["studio", besideFastapi, "raw", "fastapi"];
  const rows = [...subjects, "studio at one rate", "fastapi at one rate"].map(row);
  const targets = targetsOf(model, rows);
  expect(targets.map(({ value }) => value)).toEqual([1, 1, 1]);
  expect(targets.map(isMet)).toEqual([true, false, false]);
});
