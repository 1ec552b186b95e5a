import { execFile } from "node:child_process";
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";

/** What a generator is asked for. */
export interface Load {
  url: string;
  /** Requests a second. */
  rate: number;
  seconds: number;
  /** The connections of those that need to be told: more than ever wait. */
  connections: number;
  /** A folder of one's own. */
  folder: string;
}

/** What it says of itself; times in milliseconds. */
export interface Figures {
  rate: number;
  p50: number;
  p99: number;
  /** Why its figures are about the machine rather than the server; null where it does not look. */
  doubt?: string | null;
}

export interface Subject {
  name: string;
  /** What it cannot be told, so that its load is only like the others'. */
  note: string | null;
  /** The program to look for, and the Debian package that has it. */
  program: { name: string; package: string } | null;
  run(load: Load): Promise<Figures>;
}

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

/** Standard output; an exit code other than 0 is a verdict about the server, which is none here. */
async function outputOf(file: string, words: readonly string[], cwd?: string): Promise<string> {
  const options = { maxBuffer: 64 * 1024 * 1024, ...(cwd === undefined ? {} : { cwd }) };
  try {
    return (await execute(file, words, options)).stdout;
  } catch (error) {
    const { stdout, code } = error as { stdout?: string; code?: unknown };
    if (typeof code === "number" && stdout !== undefined && stdout !== "") return stdout;
    throw error;
  }
}

async function studio({ url, rate, seconds, folder }: Load): Promise<Figures> {
  mkdirSync(join(folder, "benchmarks"), { recursive: true });
  writeFileSync(join(folder, "studio.yaml"), "name: generators\n");
  const scenario = `name: steady\nrate: ${rate}\nduration: ${seconds}s\nrequests: [{ path: / }]\n`;
  writeFileSync(join(folder, "benchmarks/steady.yaml"), scenario);
  const words = [join(root, "bin/studio.js"), "bench", "steady", "--url", url, "--json"];
  const { result } = JSON.parse(await outputOf(process.execPath, words, folder)) as {
    result: {
      summary: { rate: number; latency: { p50: number; p99: number } };
      generator: { valid: boolean; reasons: string[] };
    };
  };
  const { rate: reached, latency } = result.summary;
  const { valid, reasons } = result.generator;
  const doubt = valid ? null : reasons.join(" ");
  return { rate: reached, p50: latency.p50, p99: latency.p99, doubt };
}

async function autocannon({ url, rate, seconds, connections }: Load): Promise<Figures> {
  const program = join(root, "node_modules/autocannon/autocannon.js");
  const asked = ["-c", connections, "-R", rate, "-d", seconds, "--json", url].map(String);
  const { requests, latency } = JSON.parse(
    await outputOf(process.execPath, [program, ...asked]),
  ) as { requests: { total: number }; latency: { p50: number; p99: number } };
  return { rate: requests.total / seconds, p50: latency.p50, p99: latency.p99 };
}

/** Ten connections that never pause ask 500 times a second where an answer takes 20 ms. */
async function wrk({ url, rate, seconds }: Load): Promise<Figures> {
  const connections = String(Math.max(1, Math.round(rate / 50)));
  const text = await outputOf("wrk", ["-t1", "-c", connections, `-d${seconds}s`, "--latency", url]);
  const time = (share: string) => {
    const [, value = "NaN", unit = ""] =
      new RegExp(`^\\s+${share}%\\s+([\\d.]+)(us|ms|s)`, "m").exec(text) ?? [];
    return Number(value) * (unit === "us" ? 0.001 : unit === "s" ? 1000 : 1);
  };
  const [, reached = "NaN"] = /Requests\/sec:\s+([\d.]+)/.exec(text) ?? [];
  return { rate: Number(reached), p50: time("50"), p99: time("99") };
}

async function hey({ url, rate, seconds, connections }: Load): Promise<Figures> {
  const each = String(rate / connections);
  const asked = ["-c", String(connections), "-q", each, "-z", `${seconds}s`, "-o", "csv", url];
  const [, ...lines] = (await outputOf("hey", asked)).trim().split("\n");
  const times = lines.map((line) => Number(line.split(",")[0]) * 1000).toSorted((a, b) => a - b);
  const at = (share: number) => times[Math.max(1, Math.ceil(share * times.length)) - 1];
  const [p50 = Number.NaN, p99 = Number.NaN] = [at(0.5), at(0.99)];
  return { rate: times.length / seconds, p50, p99 };
}

async function locust({ url, rate, seconds, connections, folder }: Load): Promise<Figures> {
  const file = join(folder, "locustfile.py");
  const each = rate / connections;
  const lines = [
    "from locust import FastHttpUser, constant_throughput, task",
    "class Caller(FastHttpUser):",
    `    wait_time = constant_throughput(${each})`,
    "    @task",
    '    def call(self): self.client.get("/")',
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  const users = ["-u", String(connections), "-r", String(connections), "-t", `${seconds}s`];
  const written = ["--csv", join(folder, "locust"), "--only-summary"];
  await outputOf("locust", ["-f", file, "--headless", "-H", url, ...users, ...written], folder);
  const [head = "", ...rows] = readFileSync(join(folder, "locust_stats.csv"), "utf8")
    .trim()
    .split(/\r?\n/);
  const names = head.split(",");
  const whole = rows.find((row) => row.includes("Aggregated"))?.split(",") ?? [];
  const value = (name: string) => Number(whole[names.indexOf(name)] ?? Number.NaN);
  // Its time begins before its callers do, and is shorter than asked for.
  return { rate: value("Requests/s"), p50: value("50%"), p99: value("99%") };
}

const noRate = "has no rate: ten connections without a pause";

export const subjects: readonly Subject[] = [
  { name: "studio", note: null, program: null, run: studio },
  { name: "autocannon", note: null, program: null, run: autocannon },
  { name: "wrk", note: noRate, program: { name: "wrk", package: "wrk" }, run: wrk },
  { name: "hey", note: null, program: { name: "hey", package: "hey" }, run: hey },
  {
    name: "locust",
    note: null,
    program: { name: "locust", package: "python3-locust" },
    run: locust,
  },
];

/** Why a generator is left out, or null. */
export function absenceOf({ program }: Subject): string | null {
  if (program === null) return null;
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const isThere = folders.some((folder) => {
    try {
      accessSync(join(folder, program.name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
  return isThere ? null : `${program.name} is not installed (apt-get install ${program.package})`;
}
