/**
 * CPU time (user and system) that studio takes before it can work, as a multiple of what Node
 * takes to start: node benchmarks/startup.ts [--check]. With --check a missed target exits 1.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const binary = resolve(import.meta.dirname, "../bin/studio.js");
const runs = 20;

interface Case {
  kind: string;
  argv: readonly string[];
  /** Most times the CPU time of `node -e 0`. */
  target: number;
}

const cases: readonly Case[] = [
  { kind: "instant", argv: ["--help"], target: 2.2 },
  { kind: "instant", argv: ["--version"], target: 2.2 },
  { kind: "instant", argv: ["__complete", ""], target: 2.2 },
  { kind: "light", argv: ["backup", "list"], target: 4 },
  { kind: "light", argv: ["history"], target: 4 },
  { kind: "heavy", argv: ["deploy", "--dry-run"], target: 6 },
  { kind: "heavy", argv: ["migrate", "status"], target: 6 },
];

/** Milliseconds of CPU of one process, by the shell's own `time`; the wait does not count. */
function cpuTime(argv: readonly string[], cwd: string): number {
  const script = `TIMEFORMAT='%3U %3S'; { time "$@" >/dev/null 2>&1; } 2>&1`;
  const words = ["-c", script, "time", process.execPath, ...argv];
  const { stdout } = spawnSync("bash", words, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, HOME: cwd, LC_ALL: "C" },
  });
  const [user = Number.NaN, system = Number.NaN] = stdout.trim().split(" ").map(Number);
  return (user + system) * 1000;
}

/** The least of the runs says what the work costs; the rest is what else the machine did. */
function measure(): { base: number; least: number[] } {
  const folder = mkdtempSync(join(tmpdir(), "studio-startup-"));
  const lines = [["-e", "0"], ...cases.map(({ argv }) => [binary, ...argv])];
  const least = lines.map(() => Number.POSITIVE_INFINITY);
  try {
    // Interleaved, so that a busy moment hits all alike; the first round fills Node's caches.
    for (let run = 0; run <= runs; run += 1) {
      for (const [index, line] of lines.entries()) {
        const time = cpuTime(line, folder);
        if (run > 0) least[index] = Math.min(least[index] ?? time, time);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const [base = Number.NaN, ...rest] = least;
  return { base, least: rest };
}

const { base, least } = measure();
let missed = 0;
const rows = cases.map(({ kind, argv, target }, index) => {
  const time = least[index] ?? Number.NaN;
  const ratio = time / base;
  const met = ratio <= target;
  if (!met) missed += 1;
  return [
    kind.padEnd(8),
    `studio ${argv.map((word) => word || '""').join(" ")}`.padEnd(24),
    `${time.toFixed(0)} ms`.padStart(8),
    `${ratio.toFixed(2)}x`.padStart(7),
    `<= ${target.toFixed(1)}x`.padStart(8),
    met ? "met" : "MISSED",
  ].join("  ");
});
process.stdout.write(`node -e 0: ${base.toFixed(0)} ms of CPU, least of ${runs} runs\n`);
process.stdout.write(`${rows.join("\n")}\n`);
process.exitCode = process.argv.includes("--check") && missed > 0 ? 1 : 0;
