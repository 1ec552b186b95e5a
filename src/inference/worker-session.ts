import type * as Runtime from "onnxruntime-node";
import type { InferenceSession, Tensor as RuntimeTensor } from "onnxruntime-node";
import { readWeightFiles } from "./onnx/weight-files.ts";
import { declaredRows, rowName, rowsAreIndependent } from "./row-dimension.ts";
import { logSeverityLevel, sessionSettings } from "./session-settings.ts";
import { arrayOf, type Tensor, type Tensors } from "./tensor.ts";
import { warmUpFeeds } from "./warm-up.ts";
import type { RowDimension, ValueShape, WorkerSettings } from "./worker-protocol.ts";

/** Free dimensions of a warm-up: some models refuse the smallest. */
const freeSizes = [1, 16, 256];

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
  static async open({ file, threads }: Omit<WorkerSettings, "care">): Promise<WorkerSession> {
    const runtime = await import("onnxruntime-node");
    const session = await runtime.InferenceSession.create(file, {
      ...sessionSettings(threads),
      externalData: await readWeightFiles(file),
    });
    return new WorkerSession(runtime, session);
  }

  /** Runs the model once; the arrays of the answer belong to the caller. */
  async run(feeds: Tensors): Promise<Tensors> {
    const inputs: Record<string, RuntimeTensor> = {};
    for (const name in feeds) {
      const { type, data, dims } = feeds[name] as Tensor;
      inputs[name] = new this.runtime.Tensor(type as "float32", data as Float32Array, dims);
    }
    const results = await this.session.run(inputs, { logSeverityLevel });
    const outputs: Tensors = {};
    for (const { name } of this.outputs) {
      const { type, dims, data } = results[name] as RuntimeTensor;
      outputs[name] = { type, dims, data };
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
    const sizes = { row: rowName(this.inputs), named, other };
    const [zeros, ones, waves] = (["zeros", "ones", "waves"] as const).map((filling) =>
      warmUpFeeds(this.inputs, sizes, filling),
    ) as [Tensors, Tensors, Tensors];
    // Where ones are no input for the model, an index that is too high for one, zeros must do.
    const independent =
      (await this.independent([zeros, ones, waves])) ?? (await this.independent([zeros, zeros]));
    return independent === true ? "free" : null;
  }

  async release(): Promise<void> {
    await this.session.release();
  }

  /** Null when the model refuses the rows, or so many of them. */
  private async independent(rows: readonly Tensors[]): Promise<boolean | null> {
    try {
      return await rowsAreIndependent((feeds) => this.run(feeds), rows);
    } catch {
      return null;
    }
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
    const { name } = value;
    if (!value.isTensor) throw new Error(`"${name}" is not a tensor`);
    const { type, shape: dims } = value;
    if (type !== "string" && arrayOf(type) === undefined) {
      throw new Error(`"${name}" is of type ${type}, which studio does not serve`);
    }
    return { name, type, dims };
  });
}

/** What ONNX Runtime says of a failure, without the places in its own source. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/^.*Status Message: /s, "")
    .replace(/\/onnxruntime_src\/.*?(?=\[ONNXRuntimeError\]|$)/s, "")
    .replace(/^\[ONNXRuntimeError\] : \d+ : \w+ : /, "")
    .trim();
}
