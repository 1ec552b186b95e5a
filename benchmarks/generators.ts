/**
 * Whose figures are right: studio bench beside autocannon, wrk, hey and Locust, on one server whose
 * latency is known, at one load, in turns:
 * node benchmarks/generators.ts [--rounds N] [--seconds N] [--rate N] [--check]
 * With --check the exit code is 1 when studio misses its rate by more than 1 %, 20 ms by more than
 * 1.5 ms, or the tail of a stall by more than 5 %. What is not installed is left out, and said.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startFaultServer } from "../src/bench/self-test/fault-server.ts";
import { type Law, trueQuantile } from "../src/bench/self-test/latency-law.ts";
import { reasonOf } from "../src/errors.ts";
import { type Figures, type Subject, absenceOf, subjects } from "./generators/subjects.ts";

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    rate: { type: "string", default: "500" },
    check: { type: "boolean", default: false },
  },
});
const rounds = Number(given.rounds);
const seconds = Number(given.seconds);
const rate = Number(given.rate);

const laws: readonly { name: string; law: Law }[] = [
  { name: "20 ms for each answer", law: { kind: "constant", delay: 20 } },
  { name: "still for 200 ms of each second", law: { kind: "stall", every: 1000, length: 200 } },
];

const say = (line: string): unknown => process.stdout.write(`${line}\n`);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Each generator once per round, in turns: what disturbs the machine disturbs all of them. */
async function measure(law: Law, present: readonly Subject[]): Promise<Map<Subject, Figures>> {
  const all = new Map(present.map((subject) => [subject, [] as Figures[]]));
  const folder = mkdtempSync(join(tmpdir(), "studio-generators-"));
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const [subject, figures] of all) {
        const server = await startFaultServer(law);
        const load = { url: server.url, rate, seconds, connections: 100, folder };
        try {
          const found = await subject.run(load);
          figures.push(found);
          const { doubt = null } = found;
          if (doubt !== null) say(`${subject.name} says that a round is invalid: ${doubt}`);
        } catch (error) {
          say(`${subject.name} is left out: ${reasonOf(error)}`);
          all.delete(subject);
        } finally {
          await server.close();
        }
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const of = (figures: readonly Figures[]): Figures => ({
    rate: median(figures.map((one) => one.rate)),
    p50: median(figures.map(({ p50 }) => p50)),
    p99: median(figures.map(({ p99 }) => p99)),
  });
  return new Map([...all].map(([subject, figures]) => [subject, of(figures)]));
}

/** Differences of less are the loopback's and the timers', and say nothing of a generator. */
const leastError = 0.5;

function print(name: string, law: Law, measured: ReadonlyMap<Subject, Figures>): void {
  const truth = { p50: trueQuantile(law, 0.5), p99: trueQuantile(law, 0.99) };
  const p50 = truth.p50.toFixed(1);
  say(
    `\n${name}, ${rate} a second for ${seconds} s: p50 ${p50} ms, p99 ${truth.p99.toFixed(1)} ms`,
  );
  say(row("", "rate", "of asked", "p50 off by", "p99 off by", "ratio"));
  const own = [...measured].find(([subject]) => subject.name === "studio")?.[1];
  const error = (p99: number) => Math.max(leastError, Math.abs(p99 - truth.p99));
  for (const [subject, figures] of measured) {
    const cells = [
      `${figures.rate.toFixed(1)}/s`,
      `${((100 * figures.rate) / rate).toFixed(1)} %`,
      `${(figures.p50 - truth.p50).toFixed(1)} ms`,
      `${(figures.p99 - truth.p99).toFixed(1)} ms`,
      own === undefined ? "" : (error(figures.p99) / error(own.p99)).toFixed(1),
    ];
    say(row(subject.name, ...cells));
  }
}

function row(name: string, ...cells: string[]): string {
  return `${name.padEnd(12)}${cells.map((cell) => cell.padStart(12)).join("")}`.trimEnd();
}

/** What studio promises of its own figures. */
function misses({ rate: reached, p50, p99 }: Figures, law: Law): string[] {
  const tail = trueQuantile(law, 0.99);
  const isStall = law.kind === "stall";
  return [
    ...(Math.abs(reached - rate) > rate * 0.01 ? [`rate ${reached.toFixed(1)}`] : []),
    ...(Math.abs(p50 - trueQuantile(law, 0.5)) > 1.5 ? [`p50 ${p50.toFixed(1)} ms`] : []),
    ...(isStall && Math.abs(p99 - tail) > tail * 0.05 ? [`p99 ${p99.toFixed(1)} ms`] : []),
  ];
}

say(`${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, Node ${process.version}`);
const present: Subject[] = [];
for (const subject of subjects) {
  const absence = absenceOf(subject);
  if (absence !== null) say(`left out: ${absence}`);
  else present.push(subject);
  if (absence === null && subject.note !== null) say(`${subject.name} ${subject.note}`);
}
say("ratio: how far off p99 is, by how far off studio's is");
const missed: string[] = [];
for (const { name, law } of laws) {
  const measured = await measure(law, present);
  print(name, law, measured);
  for (const [subject, figures] of measured) {
    if (subject.name === "studio") missed.push(...misses(figures, law));
  }
}
if (missed.length > 0) say(`\nmissed by studio: ${missed.join(", ")}`);
if (given.check && missed.length > 0) process.exitCode = 1;
