/**
 * What `schedule` costs: a job over its command alone, the daemon's memory after a month, and how late
 * it fires while nothing else happens: node benchmarks/schedule.ts [--rounds 5] [--days 31] [--check]
 * The short form is --rounds 1. Figures are medians of the rounds; with --check a missed target exits 1.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { runDaemon } from "../src/schedule/backends/daemon.ts";
import { placeIn } from "../test/support/schedule-place-in.ts";

const { values: given } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    days: { type: "string", default: "31" },
    check: { type: "boolean", default: false },
  },
});
const rounds = Number(given.rounds);
const binary = resolve(import.meta.dirname, "../bin/studio.js");
const folder = mkdtempSync(join(tmpdir(), "studio-schedule-"));
const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;
// Compiled code is kept from run to run, as it is for whoever uses studio; that of this program, too.
const env = { PATH, HOME: folder, LC_ALL: "C", NODE_COMPILE_CACHE: join(folder, "compiled") };

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function timed(program: string, words: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(program, words, { cwd: folder, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} failed:\n${stderr}`);
  return performance.now() - begin;
}

/**
 * Milliseconds that a job takes longer than its command, in turns. The least of twenty says what the
 * work costs; the rest is what else the machine did.
 */
function overhead(): number {
  let [alone, wrapped] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let run = 0; run < 20; run += 1) {
    alone = Math.min(alone, timed("/bin/sh", ["-c", "true"]));
    wrapped = Math.min(wrapped, timed(process.execPath, [binary, "schedule", "run", "quick"]));
  }
  return wrapped - alone;
}

/** Megabytes of the daemon as it began, and after a month of firings every ten minutes. */
async function memory(days: string): Promise<{ began: number; after: number; fired: number }> {
  const script = join(import.meta.dirname, "schedule/month.ts");
  const daemon = spawn(process.execPath, ["--import", script, binary, "schedule", "daemon"], {
    cwd: folder,
    env: { ...env, STUDIO_BENCH_DAYS: days },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [lines, errors] = await Promise.all([text(daemon.stdout), text(daemon.stderr)]);
  const found = /^\{"began.*$/m.exec(errors)?.[0];
  if (found === undefined) throw new Error(`The daemon ended early:\n${errors}`);
  const { began, after } = JSON.parse(found) as { began: number; after: number };
  const fired = lines.split("\n").filter((line) => /"event":"(fired|late)"/.test(line)).length;
  return { began: began / 1e6, after: after / 1e6, fired };
}

/** Milliseconds from when a job is due until it is started; the 99th of a hundred. */
async function lateness(): Promise<number> {
  const found: number[] = [];
  for (let run = 0; run < 100; run += 1) {
    const ahead = Date.parse("2026-11-22T02:00:00Z") - Date.now() - 250 - Math.random() * 100;
    const now = () => new Date(Date.now() + ahead);
    const place = placeIn(
      folder,
      { one: { cron: "* * * * *", shell: "true" } },
      // What is started has nothing to do.
      { project: "bench", node: "/bin/true", program: "studio.js", now },
    );
    const controller = new AbortController();
    const begun = now();
    const start = () => {
      const at = now().getTime();
      found.push(at - Math.ceil(begun.getTime() / 60_000) * 60_000);
      controller.abort();
    };
    await runDaemon({ place, start, tell: () => {}, signal: controller.signal });
  }
  return found.toSorted((a, b) => a - b)[98] ?? Number.NaN;
}

const missed: string[] = [];

function report(what: string, figures: readonly number[], target: number, unit: string): void {
  const figure = median(figures);
  const isMet = figure < target;
  if (!isMet) missed.push(what);
  process.stdout.write(
    `${what.padEnd(42)}${figure.toFixed(1).padStart(8)} ${unit}  target < ${target} ${unit}  ${isMet ? "met" : "MISSED"}\n`,
  );
}

try {
  const own = { quick: { cron: "0 0 1 1 *", shell: "true" } };
  const often = { often: { cron: "*/10 * * * *", shell: "true" } };
  writeFileSync(
    join(folder, "studio.yaml"),
    `name: bench\nschedule: ${JSON.stringify({ jobs: { ...own, ...often } })}\n`,
  );
  // A project that was worked with before: its configuration is remembered, and code compiled.
  await memory("1");
  await new Promise((done) => setTimeout(done, 2500));
  for (let run = 0; run < 3; run += 1) {
    timed(process.execPath, [binary, "schedule", "run", "quick"]);
  }
  const figures: { overhead: number; month: number; late: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { began, after, fired } = await memory(given.days);
    figures.push({ overhead: overhead(), month: after, late: await lateness() });
    process.stdout.write(
      `round ${round + 1}: daemon ${began.toFixed(1)} MB as it began, ${fired} firings in ${given.days} days\n`,
    );
  }
  report(
    "a job over its command alone",
    figures.map((one) => one.overhead),
    150,
    "ms",
  );
  report(
    `daemon after ${given.days} days`,
    figures.map((one) => one.month),
    80,
    "MB",
  );
  report(
    "lateness of firings, p99",
    figures.map((one) => one.late),
    100,
    "ms",
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (given.check && missed.length > 0) process.exitCode = 1;
