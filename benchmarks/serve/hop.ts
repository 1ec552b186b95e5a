/**
 * What the way to the worker and back takes one caller alone, beside the same session in this
 * thread, in turns: node hop.ts MODEL SECONDS WIDTH
 */
import { LoadedModel } from "../../src/inference/model.ts";
import { sessionSettings } from "../../src/inference/session-settings.ts";
import type { Tensors } from "../../src/inference/tensor.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const [file = "", seconds = "", width = ""] = process.argv.slice(2);
const runtime = await import("onnxruntime-node");
const session = await runtime.InferenceSession.create(file, sessionSettings(1));
const data = new Float32Array(Number(width)).fill(0.5);
const dims = [1, data.length];
const [name = ""] = session.inputNames;
const bare = async (): Promise<void> => {
  await session.run({ [name]: new runtime.Tensor("float32", data, dims) });
};

const loaded = Promise.withResolvers<void>();
const record = { name: "hop", version: "1", file, bytes: 0, sha256: "", configuration: {} };
const model = new LoadedModel(record as unknown as LoadedModel["record"], {
  instances: 1,
  events: {
    ready: () => loaded.resolve(),
    down: (_model, reason) => loaded.reject(new Error(reason)),
    ran: () => undefined,
  },
});
model.start();
await loaded.promise;
const feeds: Tensors = { [name]: { type: "float32", dims, data } };
const served = async (): Promise<void> => {
  await model.infer(feeds, { timeout: 60_000 });
};

async function timesOf(call: () => Promise<void>, milliseconds: number): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  for (let since = performance.now(); since < end; since = performance.now()) {
    await call();
    times.push(performance.now() - since);
  }
  return times;
}

const turns = 10;
const ofBare: number[] = [];
const ofServed: number[] = [];
for (let turn = 0; turn < turns; turn += 1) {
  const length = (Number(seconds) * 1000) / turns / 2;
  // The first turn is for the compiler.
  const [first, second] = [await timesOf(bare, length), await timesOf(served, length)];
  if (turn > 0) ofBare.push(...first);
  if (turn > 0) ofServed.push(...second);
}
await model.close();
await session.release();
const at = (times: number[], share: number): number =>
  times.toSorted((one, other) => one - other)[Math.floor(times.length * share)] ?? Number.NaN;
process.stdout.write(
  JSON.stringify({
    items: 1000 / at(ofServed, 0.5),
    processorTime: 0,
    p50: at(ofServed, 0.5) - at(ofBare, 0.5),
    p99: at(ofServed, 0.99) - at(ofBare, 0.99),
    health: 0,
  }),
);
