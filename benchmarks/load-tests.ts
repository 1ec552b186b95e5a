/**
 * What the load generator holds: a rate in the open model, and how late requests are sent; users
 * for a long time, and how much memory it takes:
 * node benchmarks/load-tests.ts [--rate N] [--seconds N] [--users N] [--minutes N] [--check]
 * With --check a missed target exits 1. The long form is --minutes 60. The server is another thread
 * of this process, on the same processors.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { BenchReport } from "../src/bench/report/bench-report.ts";
import { startFaultServer } from "../src/bench/self-test/fault-server.ts";
import { runMeasured } from "./run-measured.ts";

const { values: given } = parseArgs({
  options: {
    rate: { type: "string", default: "3000" },
    seconds: { type: "string", default: "30" },
    users: { type: "string", default: "500" },
    minutes: { type: "string", default: "1" },
    check: { type: "boolean", default: false },
  },
});

const studio = resolve(import.meta.dirname, "../bin/studio.js");
const most = { lag: 5, memory: 250 };

const say = (line: string): unknown => process.stdout.write(`${line}\n`);
let missed = false;

function judge(what: string, value: number, limit: number, unit: string): void {
  const met = value < limit;
  missed ||= !met;
  const target = `target < ${limit} ${unit}`;
  say(
    `${what.padEnd(46)}${value.toFixed(1).padStart(8)} ${unit.padEnd(3)} ${target.padEnd(18)} ${met ? "met" : "MISSED"}`,
  );
}

async function play(words: readonly string[]): Promise<{ report: BenchReport; memory: number }> {
  const server = await startFaultServer({ kind: "constant", delay: 5 });
  const folder = mkdtempSync(join(tmpdir(), "studio-load-tests-"));
  try {
    const argv = [process.execPath, studio, "bench", ...words, "--url", server.url, "--json"];
    const { memory, output } = await runMeasured({ argv, cwd: folder, reads: true });
    const { result, error } = JSON.parse(output) as { result?: BenchReport; error?: object };
    if (result === undefined) throw new Error(JSON.stringify(error));
    return { report: result, memory };
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

say(`${cpus()[0]?.model ?? "unknown"}, ${cpus().length} processors, Node ${process.version}`);

const open = await play(["quick", "--rate", given.rate, "--duration", `${given.seconds}s`]);
const reached = open.report.summary.rate;
const asked = Number(given.rate);
judge(`asked for ${asked} a second: off by`, (100 * Math.abs(reached - asked)) / asked, 1, "%");
judge("  sent late, p99", open.report.generator.sendLag?.p99 ?? Number.NaN, most.lag, "ms");

const words = ["endurance", "--users", given.users, "--duration", `${given.minutes}m`];
const long = await play(words);
const { requests, rate } = long.report.summary;
const { scheduled, ok, failed, dropped, unfinished } = requests;
say(
  `${given.users} users for ${given.minutes} min: ${ok} of ${scheduled} requests answered, ${rate.toFixed(0)} a second`,
);
judge("  without an account", scheduled - ok - failed - dropped - unfinished, 1, "");
judge("  memory at most", long.memory / 1e6, most.memory, "MB");
if (given.check && missed) process.exitCode = 1;
