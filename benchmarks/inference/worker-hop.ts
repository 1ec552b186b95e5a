// What a model costs behind its queue and in its thread, against `session.run` in process:
//   node benchmarks/inference/worker-hop.ts [ROUNDS]
// The ways take turns round by round, so that whatever else the machine does meets all of them.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { LoadedModel } from "../../src/inference/model.ts";
import type { Tensors } from "../../src/inference/tensor.ts";
import { classifierModel } from "../../test/unit/inference/onnx-file.ts";

process.env["ORT_DISABLE_TELEMETRY"] = "1";
const rounds = Number(process.argv[2] ?? 10);
const callsPerRound = 200;
const clients = 64;
const models = { tiny: [1024, 0], "1 ms": [512, 30] } as const;

const folder = await mkdtemp(join(tmpdir(), "studio-hop-"));
try {
  for (const [name, [width, detours]] of Object.entries(models)) {
    await measure(name, width, detours);
  }
} finally {
  await rm(folder, { recursive: true });
}

async function measure(name: string, width: number, detours: number): Promise<void> {
  const file = join(folder, `${width}.onnx`);
  const weights = new Float32Array(width * 8).map((_, index) => Math.sin(index));
  await writeFile(file, classifierModel({ width, classes: 8, weights, detours }));
  const session = await openSession(file);
  const model = await openModel(file);
  const one = features(1, width);
  const batch = features(32, width);
  const direct = async (feeds: Tensors): Promise<unknown> => session(feeds);
  const queued = async (feeds: Tensors): Promise<unknown> =>
    model.infer(feeds, { timeout: 60_000 });
  const best = { direct: [9e9, 9e9], queued: [9e9, 9e9, 9e9] };
  for (let round = 0; round < rounds; round += 1) {
    best.direct[0] = Math.min(best.direct[0] as number, await perCall(() => direct(one)));
    best.queued[0] = Math.min(best.queued[0] as number, await perCall(() => queued(one)));
    best.direct[1] = Math.min(best.direct[1] as number, await perCall(() => direct(batch)));
    best.queued[1] = Math.min(best.queued[1] as number, await perCall(() => queued(batch)));
    best.queued[2] = Math.min(best.queued[2] as number, await perRow(() => queued(one)));
  }
  await model.close();
  const [directOne, directBatch] = best.direct.map((value) => value * 1000);
  const [queuedOne, queuedBatch, shared] = best.queued.map((value) => value * 1000);
  process.stdout.write(
    `${name}: 1 row ${micro(directOne)} in process, ${micro(queuedOne)} queued; 32 rows ` +
      `${micro(directBatch)} in process, ${micro(queuedBatch)} queued; one of ${clients} ` +
      `callers' rows ${micro(shared)}, a row of 32 in process ${micro((directBatch ?? 0) / 32)}\n`,
  );
}

async function openModel(file: string): Promise<LoadedModel> {
  const places = { file, root: dirname(file), folder: dirname(file), files: {}, manifest: null };
  const record = {
    name: "hop",
    version: "1",
    sha256: "",
    bytes: 1,
    task: null,
    labels: [],
    ...places,
  };
  return await new Promise((resolve, reject) => {
    const model = new LoadedModel(
      { ...record, source: "project", configuration: {} },
      {
        instances: 1,
        events: {
          ready: () => resolve(model),
          down: (_model, reason) => reject(new Error(reason)),
          ran: () => undefined,
        },
      },
    );
    model.start();
  });
}

async function openSession(file: string): Promise<(feeds: Tensors) => Promise<unknown>> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1 });
  return ({ features: input }) =>
    session.run({
      features: new Tensor("float32", input?.data as Float32Array, input?.dims),
    });
}

function features(rows: number, width: number): Tensors {
  const data = new Float32Array(rows * width).map((_, index) => Math.cos(index));
  return { features: { type: "float32", dims: [rows, width], data } };
}

/** The median time of a call, one after another, in milliseconds. */
async function perCall(call: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < callsPerRound; index += 1) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  return times.toSorted((one, other) => one - other)[callsPerRound / 2] as number;
}

/** The time of a row while many callers each wait for one, in milliseconds. */
async function perRow(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const caller = async (): Promise<void> => {
    for (let index = 0; index < callsPerRound / 8; index += 1) await call();
  };
  await Promise.all(Array.from({ length: clients }, caller));
  return (performance.now() - start) / (clients * Math.floor(callsPerRound / 8));
}

function micro(value: number | undefined): string {
  return `${(value ?? 0).toFixed(1)} µs`;
}
