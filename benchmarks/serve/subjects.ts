import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { LoadReport } from "./load.ts";
import { type BenchModel, connections } from "./models.ts";

export interface Figures {
  /** Rows a second. */
  items: number;
  /** Microseconds of processor time of the server, a row. */
  processorTime: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** 99th percentile of GET /health meanwhile, in milliseconds. */
  health: number;
}

export interface Call {
  model: BenchModel;
  folder: string;
  seconds: number;
  /** Requests a second, whatever the answers; absent: as many as are answered. */
  rate?: number;
}

const run = promisify(execFile);
const here = (file: string): string => resolve(import.meta.dirname, file);

/** The bare session on one thread, with as many rows in a run as suit it best. */
export async function callRaw({ model, seconds }: Call): Promise<Figures> {
  const { file, rawBatches, width, type } = model;
  const all: Figures[] = [];
  for (const rows of rawBatches) {
    const each = String(seconds / rawBatches.length);
    const words = [here("raw.ts"), file, each, String(rows), String(width), type];
    const { stdout } = await run(process.execPath, words);
    all.push(JSON.parse(stdout) as Figures);
  }
  return all.reduce((best, one) => (one.items > best.items ? one : best));
}

/** What a worker's thread adds to a run, for a caller alone. */
export async function callHop({ model, seconds }: Call): Promise<Figures | null> {
  if (model.hop === null) return null;
  const words = [here("hop.ts"), model.file, String(seconds), String(model.width)];
  const { stdout } = await run(process.execPath, words);
  return JSON.parse(stdout) as Figures;
}

/** A bare fastify that says hello: the floor of what HTTP costs here. */
export async function callHello(call: Call): Promise<Figures | null> {
  if (call.model.ofHello === null) return null;
  return await ofEvening(call, { method: "GET", path: "/hello" });
}

/** @param instances of the model; null: as many as the daemon takes by itself */
export async function callStudio(
  { model, folder, ...times }: Call,
  instances: number | null = null,
): Promise<Figures> {
  const project = join(folder, `project-${model.name}-${instances ?? "default"}`);
  const version = join(project, "models", model.name, "1");
  mkdirSync(version, { recursive: true });
  copyFileSync(model.file, join(version, "model.onnx"));
  if (instances !== null)
    writeFileSync(join(version, "../config.yaml"), `instances: ${instances}\n`);
  writeFileSync(
    join(project, "studio.yaml"),
    "serve:\n  rateLimit: { default: 1000000/1s }\nlog: { level: error }\n",
  );
  const port = await freePort();
  const words = [here("../../bin/studio.js"), "serve", "--port", String(port)];
  const server = spawn(process.execPath, words, { cwd: project, stdio: "ignore" });
  const { name, inputs, rows, width, type } = model;
  const values = readFileSync(join(folder, `${name}.body`));
  const header = Buffer.from(
    JSON.stringify({
      inputs: inputs.map((input) => ({
        name: input,
        shape: [rows, width],
        datatype: type === "int64" ? "INT64" : "FP32",
        parameters: { binary_data_size: values.length / inputs.length },
      })),
      parameters: { binary_data_output: true },
    }),
  );
  const body = join(folder, `${name}.infer`);
  writeFileSync(body, Buffer.concat([header, values]));
  const headers = {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(header.length),
  };
  const load = { port, path: `/v2/models/${name}/infer`, body, headers };
  return measure({ server, pid: server.pid ?? 0, load, ready: "/health/ready", rows, ...times });
}

const binary = { "content-type": "application/octet-stream" };

export async function callEvening(call: Call): Promise<Figures> {
  const body = join(call.folder, `${call.model.name}.body`);
  return await ofEvening(call, { path: "/infer", body, headers: binary });
}

async function ofEvening(
  { model: { file, width, type, rows }, seconds, rate }: Call,
  request: Omit<Measurement["load"], "port">,
): Promise<Figures> {
  const port = await freePort();
  const words = [here("evening.ts"), file, String(port), String(width), type];
  const server = spawn(process.execPath, words, { stdio: "ignore" });
  const load = { port, ...request };
  return measure({ server, pid: server.pid ?? 0, load, ready: "/health", rows, seconds, rate });
}

/** @returns null where the image is not there */
export async function callFastapi({ model, folder, ...times }: Call): Promise<Figures | null> {
  const image = "studio-bench-fastapi:local";
  if (spawnSync("docker", ["image", "inspect", image]).status !== 0) return null;
  const { name, file, width, rows } = model;
  const port = await freePort();
  const settings = ["--env", `WIDTH=${width}`, "--env", `PORT=${port}`];
  const words = ["run", "--rm", "--detach", "--network", "host", ...settings];
  const { stdout } = await run("docker", [...words, "--volume", `${file}:/model.onnx:ro`, image]);
  const id = stdout.trim();
  try {
    const inspected = await run("docker", ["inspect", "--format", "{{.State.Pid}}", id]);
    const load = {
      port,
      path: "/infer",
      body: join(folder, `${name}.body`),
      headers: binary,
    };
    const pid = Number(inspected.stdout);
    return await measure({ server: null, pid, load, ready: "/health", rows, ...times });
  } finally {
    await run("docker", ["kill", id]);
  }
}

/** Seconds of load before a server is measured, in which V8 compiles what is called often. */
const warmUp = 6;

interface Measurement {
  server: ChildProcess | null;
  pid: number;
  load: {
    port: number;
    method?: string;
    path: string;
    body?: string;
    headers?: Record<string, string>;
  };
  /** A path that answers 200 once the model is warmed up. */
  ready: string;
  rows: number;
  seconds: number;
  rate?: number | undefined;
}

async function measure(measurement: Measurement): Promise<Figures> {
  const { server, pid, load, ready, rows, seconds, rate } = measurement;
  try {
    await untilReady(`http://127.0.0.1:${load.port}${ready}`);
    await callLoad({ ...load, connections, seconds: warmUp });
    const before = processorTicks(pid);
    const watching = { port: load.port, method: "GET", path: "/health", connections: 1, rate: 50 };
    const [report, health] = await Promise.all([
      callLoad({ ...load, connections, seconds, rate }),
      callLoad({ ...watching, seconds }),
    ]);
    if (report.failures > 0) throw new Error(`${report.failures} requests failed`);
    const spent = (processorTicks(pid) - before) * 10_000;
    return {
      items: report.rate * rows,
      processorTime: spent / (report.requests * rows),
      p50: report.p50,
      p99: report.p99,
      health: health.p99,
    };
  } finally {
    if (server !== null) await ended(server);
  }
}

/** One that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function callLoad(order: object): Promise<LoadReport> {
  const { stdout } = await run(process.execPath, [here("load.ts"), JSON.stringify(order)]);
  return JSON.parse(stdout) as LoadReport;
}

async function untilReady(url: string): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    const answer = await fetch(url).catch(() => null);
    if (answer?.status === 200) return;
    await sleep(50);
  }
  throw new Error(`${url} does not answer`);
}

/** Hundredths of a second of processor time so far, user and system (proc(5), stat). */
function processorTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /s, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

async function ended(server: ChildProcess): Promise<void> {
  const exit = new Promise((done) => server.once("exit", done));
  server.kill("SIGTERM");
  await exit;
}
