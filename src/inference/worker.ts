// The thread that owns one ONNX Runtime session. `session.run` of onnxruntime-node computes on the
// thread that calls it, so it may only be called here, where nothing else waits. The thread is never
// terminated from outside: ending it during a run aborts the whole process.
import "./float16-as-bits.ts";
import { parentPort, workerData } from "node:worker_threads";
import { type Care, inTurn } from "./crashes/care.ts";
import { layOut, viewAt } from "./tensor-layout.ts";
import type { NumericData, Tensor, Tensors } from "./tensor.ts";
import type { FromWorker, ToWorker, ValueShape, WorkerSettings } from "./worker-protocol.ts";
import { reasonOf, WorkerSession } from "./worker-session.ts";

/** Outputs up to this many bytes lie in a slot; to hand over more of them costs less than to copy. */
const outputSlotBytes = 64 * 1024;

/** The run that is computed, and the one that was given ahead. */
const runsAtHand = 2;

type Run = Extract<ToWorker, { kind: "run" }>;

function post(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, transfer);
}

async function main(settings: WorkerSettings): Promise<void> {
  const slots = Array.from({ length: runsAtHand }, () => new SharedArrayBuffer(outputSlotBytes));
  const session = await open(settings, slots);
  if (session === null) {
    parentPort?.close();
    return;
  }
  const inputs = slots.map(() => new InputSlot(session.inputs));
  const run = (message: Run): Promise<void> => {
    const turn = message.id % slots.length;
    const feeds = (inputs[turn] as InputSlot).read(message);
    const slot = slots[turn] as SharedArrayBuffer;
    return answer(session, feeds, message.id, { slot, care: settings.care });
  };
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", (message: ToWorker) => {
    last = last.then(() => (message.kind === "run" ? run(message) : end(session)));
  });
}

/** Loads the model and warms it up, then reports; null when it cannot be loaded. */
async function open(
  settings: WorkerSettings,
  slots: SharedArrayBuffer[],
): Promise<WorkerSession | null> {
  try {
    const { session, rows } = await inTurn(settings.care, "load", async () => {
      const opened = await WorkerSession.open(settings);
      return { session: opened, rows: await opened.warmUp(settings.warmUp) };
    });
    post({ kind: "ready", inputs: session.inputs, outputs: session.outputs, rows, slots });
    return session;
  } catch (error) {
    post({ kind: "unloadable", reason: reasonOf(error) });
    return null;
  }
}

async function end(session: WorkerSession): Promise<void> {
  await session.release();
  parentPort?.close();
}

/** Reads the inputs of a run where the other thread has put them, without copying. */
class InputSlot {
  private slot: SharedArrayBuffer | null = null;
  private readonly values: readonly ValueShape[];

  constructor(values: readonly ValueShape[]) {
    this.values = values;
  }

  read({ slot, keep, shapes, texts }: Run): Tensors {
    const source = slot ?? this.slot;
    if (slot !== null && keep) this.slot = slot;
    const { offsets } = layOut(this.values, shapes);
    const feeds: Tensors = {};
    for (const [index, { name, type }] of this.values.entries()) {
      const dims = shapes[index] as number[];
      const data =
        texts?.[index] ?? viewAt(source as SharedArrayBuffer, offsets[index] as number, type, dims);
      feeds[name] = { type, dims, data };
    }
    return feeds;
  }
}

async function answer(
  session: WorkerSession,
  feeds: Tensors,
  id: number,
  { slot, care }: { slot: SharedArrayBuffer; care: Care | null },
): Promise<void> {
  try {
    const start = performance.now();
    const outputs = await (care === null
      ? session.run(feeds)
      : inTurn(care, "run", () => session.run(feeds)));
    const milliseconds = performance.now() - start;
    const tensors = session.outputs.map(({ name }) => outputs[name] as Tensor);
    const shapes = tensors.map(({ dims }) => [...dims]);
    const { data, transfer } = handOver(session.outputs, tensors, slot);
    post({ kind: "result", id, milliseconds, shapes, data }, transfer);
  } catch (error) {
    post({ kind: "failed", id, reason: reasonOf(error) });
  }
}

/** Puts numbers into the slot where they fit; what does not goes with the message. */
function handOver(
  values: readonly ValueShape[],
  tensors: readonly Tensor[],
  slot: SharedArrayBuffer,
): { data: (NumericData | string[] | null)[] | null; transfer: ArrayBuffer[] } {
  const { offsets, bytes } = layOut(
    values,
    tensors.map(({ dims }) => dims),
  );
  const fits = bytes <= slot.byteLength;
  const transfer = new Set<ArrayBuffer>();
  const data = tensors.map(({ type, dims, data: own }, index) => {
    if (Array.isArray(own)) return own;
    if (fits) {
      viewAt(slot, offsets[index] as number, type, dims).set(own as never);
      return null;
    }
    // The runtime gives each answer in memory of its own: whoever gets it may keep it.
    transfer.add(own.buffer as ArrayBuffer);
    return own;
  });
  return { data: data.every((own) => own === null) ? null : data, transfer: [...transfer] };
}

await main(workerData as WorkerSettings);
