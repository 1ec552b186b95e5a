import type { InferenceSession, Tensor } from "onnxruntime-node";
import { StudioError, exitCodes, reasonOf } from "../../errors.ts";
import { type NumericTypeName, elementTypes } from "../onnx/element-types.ts";
import { sessionSettings } from "../session-settings.ts";
import type { RunValue } from "./compare-outputs.ts";
import type { Sample, SampleValue } from "./read-samples.ts";

export interface SessionInput {
  name: string;
  /** As ONNX Runtime names it. */
  type: string;
  /** Names are free dimensions. */
  shape: readonly (string | number)[];
}

/** A model in ONNX Runtime, on this thread: nobody waits for it here. */
export interface RuntimeSession {
  inputs: SessionInput[];
  /** Readies a sample for `run`; the same one can be run again and again. */
  prepare(sample: Sample): Record<string, Tensor>;
  run(feeds: Record<string, Tensor>): Promise<Record<string, RunValue>>;
  close(): Promise<void>;
}

/**
 * Loads a model as the daemon does, for one thread.
 * @throws StudioError `model.unloadable`
 */
export async function openSession(file: string): Promise<RuntimeSession> {
  process.env["ORT_DISABLE_TELEMETRY"] = "1"; // read by the runtime as it loads
  const runtime = await import("onnxruntime-node");
  let session: InferenceSession;
  try {
    session = await runtime.InferenceSession.create(file, sessionSettings(1));
  } catch (error) {
    throw unloadable(file, reasonOf(error), error);
  }
  return {
    inputs: session.inputMetadata.map((input) => {
      if (input.isTensor) return { name: input.name, type: input.type, shape: input.shape };
      throw unloadable(file, `its input "${input.name}" is no tensor`);
    }),
    prepare: (sample) =>
      Object.fromEntries(
        Object.entries(sample).map(([name, value]) => [name, tensorOf(runtime.Tensor, value)]),
      ),
    run: (feeds) => session.run(feeds),
    close: () => session.release(),
  };
}

function unloadable(file: string, reason: string, cause?: unknown): StudioError {
  return new StudioError({
    code: "model.unloadable",
    message: `ONNX Runtime cannot run ${file}: ${reason}.`,
    hint: "Export the model again for this version of ONNX Runtime.",
    exitCode: exitCodes.usage,
    cause,
  });
}

type TensorClass = typeof Tensor;

function tensorOf(Class: TensorClass, { type, dims, values }: SampleValue): Tensor {
  if (type === "string") return new Class("string", values.map(String), dims);
  const { array } = elementTypes[type as NumericTypeName];
  const whole = array === BigInt64Array || array === BigUint64Array;
  const data = (array as { from(values: readonly unknown[]): unknown }).from(
    values.map((value) => (whole ? BigInt(value) : Number(value))),
  );
  const tensor = new Class(type as "float32", data as Float32Array, dims);
  if (data instanceof Float16Array) {
    // The native part of onnxruntime-node 1.30 takes halves from a Uint16Array alone, while its
    // JavaScript makes a Float16Array of them wherever there is one.
    Object.assign(tensor, { cpuData: new Uint16Array(data.buffer) });
  }
  return tensor;
}
