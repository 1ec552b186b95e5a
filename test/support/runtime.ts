import type { InferenceSession, Tensor } from "onnxruntime-node";

process.env["ORT_DISABLE_TELEMETRY"] = "1"; // read by the runtime as it loads
const runtime = await import("onnxruntime-node");

export interface RuntimeTensor {
  type: string;
  dims: readonly number[];
  data: Tensor.DataType;
}

/** Runs a model once in ONNX Runtime itself: what everything else is compared with. */
export async function runDirectly(
  file: Uint8Array | string,
  feeds: Record<string, RuntimeTensor>,
): Promise<Record<string, RuntimeTensor>> {
  const options: InferenceSession.SessionOptions = { intraOpNumThreads: 1, logSeverityLevel: 4 };
  const session =
    typeof file === "string"
      ? await runtime.InferenceSession.create(file, options)
      : await runtime.InferenceSession.create(file, options);
  try {
    const inputs = Object.entries(feeds).map(([name, { type, dims, data }]) => [
      name,
      tensorOf(type, data, dims),
    ]);
    const outputs = await session.run(Object.fromEntries(inputs) as Record<string, Tensor>);
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { type, dims, data }]) => [name, { type, dims, data }]),
    );
  } finally {
    await session.release();
  }
}

function tensorOf(type: string, data: Tensor.DataType, dims: readonly number[]): Tensor {
  const tensor = new runtime.Tensor(type as "float32", data as Float32Array, dims);
  if (data instanceof Float16Array) {
    // The native part of onnxruntime-node 1.30 reads halves from a Uint16Array alone, while its
    // JavaScript makes a Float16Array of them wherever there is one.
    const bits = new Uint16Array(data.buffer, data.byteOffset, data.length);
    Object.assign(tensor, { cpuData: bits });
  }
  return tensor;
}
