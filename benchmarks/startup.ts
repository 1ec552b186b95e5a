/**
 * CPU time (user and system) that studio takes before it can work, as a multiple of what Node
 * takes to start: node benchmarks/startup.ts [--check]. With --check a missed target exits 1.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

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
  { kind: "light", argv: ["config", "show"], target: 4 },
  { kind: "light", argv: ["status"], target: 4 },
  { kind: "light", argv: ["model", "list"], target: 4 },
  { kind: "heavy", argv: ["deploy", "--dry-run"], target: 6 },
  { kind: "heavy", argv: ["migrate", "status"], target: 6 },
  { kind: "heavy", argv: ["doctor"], target: 6 },
];

const settings = `
name: startup
serve: { port: 18973 }
deploy:
  health: { passes: 1 }
  gate: { duration: 300ms, thresholds: ["errors<1%"] }
`;

function environment(folder: string): NodeJS.ProcessEnv {
  const PATH = `${dirname(process.execPath)}:${process.env["PATH"]}`;
  return { PATH, HOME: folder, LC_ALL: "C" };
}

function studio(folder: string, ...argv: string[]): void {
  const options = { cwd: folder, env: environment(folder), encoding: "utf8" as const };
  const { status, stderr } = spawnSync(process.execPath, [binary, ...argv], options);
  if (status !== 0) throw new Error(`studio ${argv.join(" ")} failed:\n${stderr}`);
}

/** Milliseconds of CPU of one process, by the shell's own `time`; the wait does not count. */
function cpuTime(argv: readonly string[], folder: string): number {
  const script = `TIMEFORMAT='%3U %3S'; { time "$@" >/dev/null 2>&1; } 2>&1`;
  const words = ["-c", script, "time", process.execPath, ...argv];
  const { stdout } = spawnSync("bash", words, {
    cwd: folder,
    encoding: "utf8",
    env: environment(folder),
  });
  const [user = Number.NaN, system = Number.NaN] = stdout.trim().split(" ").map(Number);
  return (user + system) * 1000;
}

interface Line {
  argv: readonly string[];
  folder: string;
}

/** The least of the runs says what the work costs; the rest is what else the machine did. */
function measure(lines: readonly Line[]): number[] {
  const least = lines.map(() => Number.POSITIVE_INFINITY);
  // Interleaved, so that a busy moment hits all alike; the first round fills Node's caches.
  for (let run = 0; run <= runs; run += 1) {
    for (const [index, { argv, folder }] of lines.entries()) {
      const time = cpuTime(argv, folder);
      if (run > 0) least[index] = Math.min(least[index] ?? time, time);
    }
  }
  return least;
}

function report(where: string, base: number, times: readonly number[]): number {
  process.stdout.write(`${where}\n`);
  let missed = 0;
  for (const [index, { kind, argv, target }] of cases.entries()) {
    const time = times[index] ?? Number.NaN;
    const ratio = time / base;
    const met = ratio <= target;
    if (!met) missed += 1;
    const cells = [
      kind.padEnd(8),
      `studio ${argv.map((word) => word || '""').join(" ")}`.padEnd(24),
      `${time.toFixed(0)} ms`.padStart(8),
      `${ratio.toFixed(2)}x`.padStart(7),
      `<= ${target.toFixed(1)}x`.padStart(8),
      met ? "met" : "MISSED",
    ];
    process.stdout.write(`${cells.join("  ")}\n`);
  }
  return missed;
}

const empty = mkdtempSync(join(tmpdir(), "studio-startup-"));
const used = mkdtempSync(join(tmpdir(), "studio-startup-"));
try {
  writeFileSync(join(used, "studio.yaml"), settings);
  studio(used, "deploy");
  studio(used, "backup", "create");
  studio(used, "deploy");
  const bare = { argv: ["-e", "0"], folder: empty };
  const lines = [empty, used].flatMap((folder) =>
    cases.map(({ argv }) => ({ argv: [binary, ...argv], folder })),
  );
  const [base = Number.NaN, ...times] = measure([bare, ...lines]);
  process.stdout.write(`node -e 0: ${base.toFixed(0)} ms of CPU, least of ${runs} runs\n`);
  const missed =
    report("in an empty folder", base, times.slice(0, cases.length)) +
    report("in a project that serves", base, times.slice(cases.length));
  process.exitCode = process.argv.includes("--check") && missed > 0 ? 1 : 0;
} finally {
  studio(used, "down");
  for (const folder of [empty, used]) rmSync(folder, { recursive: true, force: true });
}
