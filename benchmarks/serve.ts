/**
 * How much of what the processor can compute reaches the caller: the same models by `studio serve`,
 * by the bare session in a process, by what a person would write in an evening, and by FastAPI,
 * interleaved: node benchmarks/serve.ts [--rounds N] [--seconds N] [--check]
 * With --check a missed target exits 1. FastAPI is left out where its image is not there
 * (benchmarks/serve/fastapi/make-image.sh makes it).
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchModel, benchModels } from "./serve/models.ts";
import {
  type Call,
  type Figures,
  callEvening,
  callFastapi,
  callRaw,
  callStudio,
} from "./serve/subjects.ts";

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    check: { type: "boolean", default: false },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);

const median = (values: readonly number[]): number =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? Number.NaN;

interface Row {
  model: string;
  subject: string;
  figures: Figures[];
}

/** Each subject once per round, in turns: what disturbs the machine disturbs all of them. */
async function measure(model: BenchModel, folder: string): Promise<Row[]> {
  const subjects: Record<string, (call: Call) => Promise<Figures | null>> = {
    raw: callRaw,
    studio: callStudio,
    evening: callEvening,
    fastapi: callFastapi,
  };
  const rows = new Map<string, Row>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [subject, call] of Object.entries(subjects)) {
      const figures = await call({ model, folder, seconds });
      if (figures === null) continue;
      const row = rows.get(subject) ?? { model: model.name, subject, figures: [] };
      row.figures.push(figures);
      rows.set(subject, row);
    }
  }
  return [...rows.values()];
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

function print({ model, subject, figures }: Row): void {
  const of = (pick: (one: Figures) => number) => median(figures.map(pick));
  say(
    [
      model.padEnd(8),
      subject.padEnd(8),
      `${of(({ items }) => items).toFixed(0)} items/s`,
      `${of(({ processorTime }) => processorTime).toFixed(0)} us of processor an item`,
      `p50 ${of(({ p50 }) => p50).toFixed(2)} ms`,
      `p99 ${of(({ p99 }) => p99).toFixed(2)} ms`,
      `/health p99 ${of(({ health }) => health).toFixed(1)} ms`,
    ].join("  "),
  );
}

interface Target {
  name: string;
  value: number;
  least: number;
}

function targets(model: BenchModel, rows: Row[]): Target[] {
  const items = (subject: string) =>
    median(rows.find((row) => row.subject === subject)?.figures.map((one) => one.items) ?? []);
  const studio = items("studio");
  const peers = items("fastapi");
  const all: [string, number, number | null][] = [
    ["the bare session", studio / items("raw"), model.ofRaw],
    ["what is written in an evening", studio / items("evening"), model.rows === 1 ? null : 1],
    ["FastAPI", studio / peers, model.ofFastapi],
  ];
  return all.flatMap(([peer, ratio, least]) =>
    Number.isNaN(ratio) || least === null
      ? []
      : [{ name: `${model.name}: studio of ${peer}`, value: ratio, least }],
  );
}

const folder = mkdtempSync(join(tmpdir(), "studio-serve-"));
let missed = false;
try {
  say(`${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, Node ${process.version}`);
  for (const model of await benchModels(folder)) {
    writeFileSync(join(folder, `${model.name}.body`), model.body);
    const rows = await measure(model, folder);
    rows.forEach(print);
    for (const { name, value, least } of targets(model, rows)) {
      const met = value >= least;
      missed ||= !met;
      say(`${met ? "met   " : "missed"} ${name}: ${value.toFixed(2)} (at least ${least})`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (given.check && missed) process.exitCode = 1;
