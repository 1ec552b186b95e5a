import { InferenceError } from "./inference-error.ts";

export type TensorData =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** A dense row-major array; `type` is the name ONNX Runtime uses: "float32", "int64", "bool". */
export interface Tensor {
  type: string;
  dims: readonly number[];
  data: TensorData;
}

/** Tensors by input or output name. Dimension 0 of each is the row (item) of a batch. */
export type Tensors = Record<string, Tensor>;

/** Two requests can share a batch when their keys are equal: same names, types and row shapes. */
export function shapeKey(tensors: Tensors): string {
  return Object.keys(tensors)
    .toSorted()
    .map((name) => {
      const tensor = tensors[name] as Tensor;
      return `${name}:${tensor.type}:${tensor.dims.slice(1).join("x")}`;
    })
    .join("|");
}

/**
 * Puts the rows of several requests under one another. All parts share one `shapeKey`. The result
 * owns its memory, so it can be transferred to a worker thread.
 */
export function joinRows(parts: readonly Tensors[]): Tensors {
  const joined: Tensors = {};
  for (const name of Object.keys(parts[0] ?? {})) {
    joined[name] = joinTensor(parts.map((part) => part[name] as Tensor));
  }
  return joined;
}

function joinTensor(tensors: readonly Tensor[]): Tensor {
  const first = tensors[0] as Tensor;
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.dims[0] ?? 0), 0);
  const length = tensors.reduce((sum, tensor) => sum + tensor.data.length, 0);
  const Data = first.data.constructor as new (length: number) => TensorData;
  const data = new Data(length);
  let offset = 0;
  for (const tensor of tensors) {
    data.set(tensor.data as never, offset);
    offset += tensor.data.length;
  }
  return { type: first.type, dims: [rows, ...first.dims.slice(1)], data };
}

/** Rows `start` up to (not including) `end` of every tensor; the data is a view, not a copy. */
export function sliceRows(tensors: Tensors, start: number, end: number): Tensors {
  const sliced: Tensors = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    const width = tensor.dims.slice(1).reduce((product, size) => product * size, 1);
    const data = tensor.data.subarray(start * width, end * width);
    sliced[name] = { type: tensor.type, dims: [end - start, ...tensor.dims.slice(1)], data };
  }
  return sliced;
}

/**
 * The number of rows of a request.
 * @throws InferenceError `inference.input` when tensors disagree or a shape does not fit its data
 */
export function countRows(tensors: Tensors): number {
  let rows: number | undefined;
  for (const [name, { dims, data }] of Object.entries(tensors)) {
    const count = dims[0] ?? 0;
    const length = dims.reduce((product, size) => product * size, 1);
    if (count < 1 || length !== data.length || (rows !== undefined && rows !== count)) {
      throw new InferenceError(
        "inference.input",
        `The input "${name}" of shape [${dims.join(", ")}] with ${data.length} values does not fit.`,
      );
    }
    rows = count;
  }
  if (rows === undefined) throw new InferenceError("inference.input", "There is no input tensor.");
  return rows;
}
