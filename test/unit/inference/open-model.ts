import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { BatchRun, ModelOptions, RequestEnd } from "../../../src/inference/model-options.ts";
import { LoadedModel } from "../../../src/inference/model.ts";
import type { ModelRecord } from "../../../src/inference/models.ts";
import type { Tensor, Tensors } from "../../../src/inference/tensor.ts";

export interface OpenModel {
  model: LoadedModel;
  /** The model's file. */
  file: string;
  /** What the model has said of itself, in order. */
  events: string[];
  runs: BatchRun[];
  ends: RequestEnd[];
  /** Lets the model finish and removes its file. */
  close(): Promise<void>;
}

/** Starts a model from the bytes of its file, without waiting until it is ready. */
export async function startModel(
  bytes: Uint8Array,
  options: Omit<ModelOptions, "events"> = {},
): Promise<OpenModel> {
  const folder = await mkdtemp(join(tmpdir(), "studio-model-"));
  const file = join(folder, "model.onnx");
  await writeFile(file, bytes);
  const record: ModelRecord = {
    name: "test",
    version: "1",
    file,
    sha256: "",
    bytes: bytes.length,
    task: null,
    labels: [],
    source: "project",
    root: folder,
    folder,
    files: {},
    manifest: null,
    configuration: {},
  };
  const seen = { events: [] as string[], runs: [] as BatchRun[], ends: [] as RequestEnd[] };
  const model = new LoadedModel(record, {
    instances: 1,
    ...options,
    events: {
      ready: () => seen.events.push("ready"),
      down: (_model, reason) => seen.events.push(`down: ${reason}`),
      stuck: () => seen.events.push("stuck"),
      ran: (_model, run) => seen.runs.push(run),
      answered: (_model, end) => seen.ends.push(end),
    },
  });
  model.start();
  const close = async (): Promise<void> => {
    await model.close();
    await rm(folder, { recursive: true });
  };
  return { model, file, ...seen, close };
}

/** Starts a model and waits until it is ready. */
export async function openModel(
  bytes: Uint8Array,
  options: Omit<ModelOptions, "events"> = {},
): Promise<OpenModel> {
  const opened = await startModel(bytes, options);
  await until(() => opened.events.length > 0);
  if (opened.events[0] === "ready") return opened;
  await opened.close();
  throw new Error(opened.events[0]);
}

export async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000; turn += 1) {
    if (condition()) return;
    await sleep(10);
  }
  throw new Error("the condition did not come true");
}

export function floats(dims: number[], value: (index: number) => number): Tensor {
  const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
  return { type: "float32", dims, data: data.map((_, index) => value(index)) };
}

export interface OpenSession {
  run(feeds: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

/** `session.run` in this process, as anybody would call it. */
export async function openSession(file: string): Promise<OpenSession> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1";
  const { InferenceSession, Tensor: RuntimeTensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  return {
    async run(feeds) {
      const inputs = Object.entries(feeds).map(([name, { type, dims, data }]) => {
        const tensor = new RuntimeTensor(type as "float32", data as Float32Array, dims);
        if (type === "float16") Object.assign(tensor, { cpuData: bitsOf(data as Float16Array) });
        return [name, tensor] as const;
      });
      return await session.run(Object.fromEntries(inputs));
    },
    release: () => session.release(),
  };
}

/** The native side of the runtime reads float16 as whole numbers. */
function bitsOf({ buffer, byteOffset, length }: Float16Array): Uint16Array {
  return new Uint16Array(buffer, byteOffset, length);
}

/** Shapes, types and every bit of the values. */
export function contents(tensors: Tensors): unknown {
  return Object.entries(tensors).map(([name, { type, dims, data }]) => {
    if (Array.isArray(data)) return { name, type, dims: [...dims], data };
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    return { name, type, dims: [...dims], data: bytes.toString("hex") };
  });
}
