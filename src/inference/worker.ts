// The thread that owns one ONNX Runtime session. `session.run` of onnxruntime-node computes on the
// thread that calls it, so it may only be called here, where nothing else waits. The thread is never
// terminated from outside: ending it during a run aborts the whole process.
import { parentPort, workerData } from "node:worker_threads";
import type * as Runtime from "onnxruntime-node";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import type { Tensors } from "./tensor.ts";
import { warmUpFeeds } from "./warm-up.ts";
import type { FromWorker, ToWorker, ValueShape, WorkerSettings } from "./worker-protocol.ts";

type RuntimeModule = typeof Runtime;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

async function main({ file }: WorkerSettings): Promise<void> {
  const runtime = await import("onnxruntime-node");
  const session = await openSession(runtime, file);
  if (session === null) {
    parentPort?.close();
    return;
  }
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", (message: ToWorker) => {
    last = last.then(() => answer(runtime, session, message));
  });
}

async function answer(
  runtime: RuntimeModule,
  session: InferenceSession,
  message: ToWorker,
): Promise<void> {
  if (message.kind === "close") {
    await session.release();
    parentPort?.close();
    return;
  }
  const { id, feeds } = message;
  try {
    const start = performance.now();
    const outputs = await run(runtime, session, feeds);
    const milliseconds = performance.now() - start;
    const buffers = new Set(Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer));
    post({ kind: "result", id, outputs, milliseconds }, [...buffers]);
  } catch (error) {
    post({ kind: "failed", id, reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Loads the model, runs it once with zeros, then reports; null when it cannot be loaded. */
async function openSession(runtime: RuntimeModule, file: string): Promise<InferenceSession | null> {
  try {
    const session = await runtime.InferenceSession.create(file, {
      // One thread a session: throughput comes from instances, and a session of two threads was
      // seen to need twice the processor time for the same work.
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
    });
    const inputs = shapesOf(session.inputMetadata);
    await run(runtime, session, warmUpFeeds(inputs));
    post({ kind: "ready", inputs, outputs: shapesOf(session.outputMetadata) });
    return session;
  } catch (error) {
    post({ kind: "unloadable", reason: error instanceof Error ? error.message : String(error) });
    return null;
  }
}

async function run(
  runtime: RuntimeModule,
  session: InferenceSession,
  feeds: Tensors,
): Promise<Tensors> {
  const inputs: Record<string, RuntimeTensor> = {};
  for (const [name, { type, data, dims }] of Object.entries(feeds)) {
    inputs[name] = new runtime.Tensor(type as "float32", data as Float32Array, dims);
  }
  const results = await session.run(inputs);
  const outputs: Tensors = {};
  for (const [name, value] of Object.entries(results)) {
    const { type, dims } = value;
    const data = value.data;
    if (Array.isArray(data)) throw new Error(`the output "${name}" holds text, not numbers`);
    // Copied into plain memory: the runtime's own buffer must not be transferred away from it.
    outputs[name] = { type, dims, data: data.slice() };
  }
  return outputs;
}

function shapesOf(values: readonly InferenceSession.ValueMetadata[]): ValueShape[] {
  return values.map((value) => {
    if (!value.isTensor) throw new Error(`"${value.name}" is not a tensor`);
    return { name: value.name, type: value.type, dims: value.shape };
  });
}

await main(workerData as WorkerSettings);
