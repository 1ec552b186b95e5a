/**
 * What `schedule` costs: a job over its command alone, the daemon's memory after a month, and how late
 * it fires while nothing else happens: node benchmarks/schedule.ts [--rounds 5] [--days 31] [--check]
 * The short form is --rounds 1. Figures are medians of the rounds; with --check a missed target exits 1.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { runDaemon } from "../src/schedule/backends/daemon.ts";
import { defaultJobs } from "./schedule/default-jobs.ts";
import { placeIn } from "./schedule/place.ts";

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
const env = { PATH, HOME: folder, LC_ALL: "C" };

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

function timed(program: string, words: readonly string[]): number {
  const begin = performance.now();
  const { status, stderr } = spawnSync(program, words, { cwd: folder, env, encoding: "utf8" });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")} failed:\n${stderr}`);
  return performance.now() - begin;
}

/** Milliseconds that a job takes longer than its command: the median of twenty, in turns. */
function overhead(): number {
  const differences: number[] = [];
  for (let run = 0; run <= 20; run += 1) {
    const alone = timed("/bin/sh", ["-c", "true"]);
    const wrapped = timed(process.execPath, [binary, "schedule", "run", "quick"]);
    // The first one fills Node's caches.
    if (run > 0) differences.push(wrapped - alone);
  }
  return median(differences);
}

/** Megabytes of the daemon as it is started, and what a month adds. */
async function memory(): Promise<{ started: number; month: number; fired: number }> {
  const daemon = spawn(process.execPath, [binary, "schedule", "daemon"], {
    cwd: folder,
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(daemon.stdout, "data");
  await new Promise((done) => setTimeout(done, 3000));
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  const started = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1000;
  daemon.kill("SIGTERM");
  await once(daemon, "exit");
  const script = join(import.meta.dirname, "schedule/month.ts");
  const own = mkdtempSync(join(folder, "m-"));
  const text = execFileSync(process.execPath, [script, own, given.days], { encoding: "utf8" });
  const { before, after, fired } = JSON.parse(text) as Record<"before" | "after" | "fired", number>;
  return { started, month: started + Math.max(0, after - before) / 1_000_000, fired };
}

/** Milliseconds from when a job is due until it is started; the 99th of a hundred. */
async function lateness(): Promise<number> {
  const found: number[] = [];
  for (let run = 0; run < 100; run += 1) {
    const ahead = Date.parse("2026-11-22T02:00:00Z") - Date.now() - 250 - Math.random() * 100;
    const now = () => new Date(Date.now() + ahead);
    const place = placeIn(folder, { one: { cron: "* * * * *", shell: "true" } }, now);
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
  const jobs = Object.entries({ ...defaultJobs, quick: { cron: "0 0 1 1 *", shell: "true" } });
  const lines = jobs.map(([name, job]) => `    ${name}: ${JSON.stringify({ run: null, ...job })}`);
  writeFileSync(
    join(folder, "studio.yaml"),
    `name: bench\nschedule:\n  jobs:\n${lines.join("\n")}\n`,
  );
  const figures: { overhead: number; month: number; late: number }[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const { started, month, fired } = await memory();
    figures.push({ overhead: overhead(), month, late: await lateness() });
    process.stdout.write(
      `round ${round + 1}: daemon ${started.toFixed(1)} MB as it began, ${fired} firings in ${given.days} days\n`,
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
