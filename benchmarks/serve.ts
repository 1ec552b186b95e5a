/**
 * How much of what the processor can compute reaches the caller: the same models by `studio serve`,
 * by the bare session in a process, by what a person would write in an evening, and by FastAPI,
 * interleaved:
 * node benchmarks/serve.ts [--model NAME …] [--rounds N] [--seconds N] [--without-fastapi] [--halting]
 *   [--check]
 * With --check a missed target exits 1, and so does one that was not measured because the image of
 * FastAPI is not there (benchmarks/serve/fastapi/make-image.sh makes it); --without-fastapi excuses
 * those, which are listed all the same.
 *
 * What the figures do not say:
 * - The bare session, the evening's server and the daemon beside them compute on one thread each:
 *   how the daemon gains from more processors is not compared with these. Beside FastAPI, whose one
 *   worker runs a pool of threads, the daemon has as many instances as `besideFastapi` says.
 * - Where this user may ask for it, processors do not halt while nothing runs: how long a virtual
 *   machine's host takes to wake them is its own figure, and dwarfs what a small call takes. With
 *   --halting it is in the figures, as it is where nobody asks.
 * - Everything runs on the same processors, the load as well, and nothing else should: on two of them
 *   the load takes a share of what a daemon could use, and hardly any of what a bare session does.
 * - Each server had load for some seconds before: what its first requests take is not in it.
 * - The networks have random weights: what they compute means nothing, what it costs is real.
 * - The load comes from the same machine, over loopback: a network in between is not in it.
 * - They hold for the machine that the first line names, and for no other.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { keepAwake } from "./serve/awake.ts";
import { type BenchModel, benchModels } from "./serve/models.ts";
import {
  type Call,
  type Figures,
  callEvening,
  callFastapi,
  callHello,
  callHop,
  callRaw,
  callStudio,
} from "./serve/subjects.ts";
import { besideFastapi, isMet, median, type Row, targetsOf } from "./serve/targets.ts";

const { values: given } = parseArgs({
  options: {
    model: { type: "string", multiple: true },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "3" },
    "without-fastapi": { type: "boolean", default: false },
    halting: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);

type Subjects = Record<string, (call: Call) => Promise<Figures | null>>;

/** Each subject once per round, in turns: what disturbs the machine disturbs all of them. */
async function interleave(call: Call, subjects: Subjects): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (let round = 0; round < rounds; round += 1) {
    for (const [subject, measure] of Object.entries(subjects)) {
      const figures = await measure(call);
      if (figures === null) continue;
      const row = rows.get(subject) ?? { model: call.model.name, subject, figures: [] };
      row.figures.push(figures);
      rows.set(subject, row);
    }
  }
  return [...rows.values()];
}

/** As many threads as the bare session and the evening's have. */
const onOneThread = (call: Call): Promise<Figures> => callStudio(call, 1);

const onAllProcessors = (call: Call): Promise<Figures> =>
  callStudio(call, call.model.besideFastapi);

async function measure(model: BenchModel, folder: string): Promise<Row[]> {
  const call = { model, folder, seconds };
  const saturated = await interleave(call, {
    raw: callRaw,
    hop: callHop,
    hello: callHello,
    studio: onOneThread,
    ...(model.ofFastapi === null ? {} : { [besideFastapi]: onAllProcessors }),
    evening: callEvening,
    fastapi: callFastapi,
  });
  const peer = saturated.find(({ subject }) => subject === "fastapi");
  if (peer === undefined || model.ofFastapi === null) return saturated;
  // Three quarters of what the peer can do at most: both keep up.
  const rate = (median(peer.figures.map(({ items }) => items)) / model.rows) * 0.75;
  // Longer: of a few seconds, one pause of the machine is a hundredth.
  const steady = await interleave(
    { ...call, rate, seconds: seconds * 4 },
    { "studio at one rate": onAllProcessors, "fastapi at one rate": callFastapi },
  );
  return [...saturated, ...steady];
}

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

function print({ model, subject, figures }: Row): void {
  const of = (pick: (one: Figures) => number) => median(figures.map(pick));
  say(
    [
      model.padEnd(8),
      subject.padEnd(20),
      `${of(({ items }) => items).toFixed(0)} items/s`,
      `${of(({ processorTime }) => processorTime).toFixed(0)} us of processor an item`,
      `p50 ${of(({ p50 }) => p50).toFixed(3)} ms`,
      `p99 ${of(({ p99 }) => p99).toFixed(3)} ms`,
      `/health p99 ${of(({ health }) => health).toFixed(1)} ms`,
    ].join("  "),
  );
}

const folder = mkdtempSync(join(tmpdir(), "studio-serve-"));
const awake = !given.halting && keepAwake();
let missed = false;
const notMeasured: string[] = [];
try {
  const processors = `${cpus().length} processors that ${awake ? "do not halt" : "halt"}`;
  say(`${cpus()[0]?.model ?? "unknown"}, ${processors} while they wait, Node ${process.version}`);
  for (const model of await benchModels(folder)) {
    if (given.model?.includes(model.name) === false) continue;
    writeFileSync(join(folder, `${model.name}.body`), model.body);
    const rows = await measure(model, folder);
    rows.forEach(print);
    for (const target of targetsOf(model, rows)) {
      const { name, value, side, bound } = target;
      const wanted = `${model.name}: ${name}`;
      if (value === null) {
        notMeasured.push(wanted);
        continue;
      }
      const met = isMet(target);
      missed ||= !met;
      say(`${met ? "met   " : "missed"} ${wanted}: ${value.toFixed(2)} (${side} ${bound})`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (notMeasured.length > 0) {
  say(`not measured, for want of the image that benchmarks/serve/fastapi/make-image.sh makes:`);
  for (const wanted of notMeasured) say(`  ${wanted}`);
  missed ||= !given["without-fastapi"];
}
if (given.check && missed) process.exitCode = 1;
