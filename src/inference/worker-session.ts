import type * as Runtime from "onnxruntime-node";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { declaredRows, rowName, rowsAreIndependent } from "./row-dimension.ts";
import type { NumericData, Tensor, Tensors } from "./tensor.ts";
import { warmUpFeeds } from "./warm-up.ts";
import type { RowDimension, ValueShape, WorkerSettings } from "./worker-protocol.ts";

/** Free dimensions of a warm-up: some models refuse the smallest. */
const freeSizes = [1, 16, 256];

/** How many rows the look at the row dimension has. */
const trialRows = 3;

/** An ONNX Runtime session, and what the model says about itself. */
export class WorkerSession {
  readonly inputs: ValueShape[];
  readonly outputs: ValueShape[];
  private readonly runtime: typeof Runtime;
  private readonly session: InferenceSession;

  private constructor(runtime: typeof Runtime, session: InferenceSession) {
    this.runtime = runtime;
    this.session = session;
    this.inputs = shapesOf(session.inputMetadata);
    this.outputs = shapesOf(session.outputMetadata);
  }

  /** @throws Error when the model cannot be loaded or has values that are not tensors */
  static async open({ file, threads }: WorkerSettings): Promise<WorkerSession> {
    const runtime = await import("onnxruntime-node");
    const session = await runtime.InferenceSession.create(file, {
      // One thread a session unless latency counts more: throughput comes from instances, and a
      // session of two threads was seen to need twice the processor time for the same work.
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
    });
    return new WorkerSession(runtime, session);
  }

  /** Runs the model once; the arrays of the answer belong to the caller. */
  async run(feeds: Tensors): Promise<Tensors> {
    const inputs: Record<string, RuntimeTensor> = {};
    for (const name in feeds) {
      const { type, data, dims } = feeds[name] as Tensor;
      inputs[name] = new this.runtime.Tensor(
        type as "float32",
        data as Float32Array,
        dims as number[],
      );
    }
    const results = await this.session.run(inputs);
    const outputs: Tensors = {};
    for (const { name } of this.outputs) {
      const { type, dims, data } = results[name] as RuntimeTensor;
      outputs[name] = { type, dims, data: data as NumericData | string[] };
    }
    return outputs;
  }

  /**
   * Runs the model on zeros until its memory is laid out, and finds what its rows are.
   * @throws Error when the model refuses every size that was tried
   */
  async warmUp(named: Record<string, number>): Promise<RowDimension> {
    const other = await this.acceptedSize(named);
    const declared = declaredRows(this.inputs, this.outputs);
    if (declared !== "free") return declared;
    const run = (count: number): Promise<Tensors> => {
      const row = { name: rowName(this.inputs), count };
      return this.run(warmUpFeeds(this.inputs, { row, named, other }));
    };
    try {
      const one = await run(1);
      return rowsAreIndependent(one, await run(trialRows), trialRows) ? "free" : null;
    } catch {
      // It runs, only not with as many rows as one likes.
      return null;
    }
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  private async acceptedSize(named: Record<string, number>): Promise<number> {
    let refusal: unknown;
    for (const other of freeSizes) {
      try {
        await this.run(warmUpFeeds(this.inputs, { named, other }));
        return other;
      } catch (error) {
        refusal ??= error;
      }
    }
    throw refusal;
  }
}

function shapesOf(values: readonly InferenceSession.ValueMetadata[]): ValueShape[] {
  return values.map((value) => {
    if (!value.isTensor) throw new Error(`"${value.name}" is not a tensor`);
    return { name: value.name, type: value.type, dims: value.shape };
  });
}
