export type NumericData =
  | Float32Array
  | Float64Array
  | Float16Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export type TensorData = NumericData | string[];

/**
 * A dense row-major array; `type` is the name ONNX Runtime uses: "float32", "int64", "bool" (0 or
 * 1 in a Uint8Array), "float16", "string". The data of a float16 tensor that is given may also be
 * its bits in a Uint16Array; one that is answered is a Float16Array.
 */
export interface Tensor {
  type: string;
  dims: readonly number[];
  data: TensorData;
}

/** Tensors by input or output name. Dimension 0 of each is the row (item) of a batch. */
export type Tensors = Record<string, Tensor>;

type NumericConstructor = {
  new (length: number): NumericData;
  new (buffer: ArrayBufferLike, offset: number, length: number): NumericData;
  readonly BYTES_PER_ELEMENT: number;
};

const constructors: Record<string, NumericConstructor> = {
  float32: Float32Array,
  float64: Float64Array,
  // Absent in the thread of a model, which speaks of bits: see float16-as-bits.ts.
  float16: globalThis.Float16Array ?? Uint16Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
};

/** What holds the elements of a numeric type; undefined for "string" and what is not served. */
export function arrayOf(type: string): NumericConstructor | undefined {
  return Object.hasOwn(constructors, type) ? constructors[type] : undefined;
}

/** The number of elements of a shape: 1 for a scalar. */
export function countElements(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}

/** Puts the rows of several tensors of one type and row shape under one another. */
export function joinRows(parts: readonly Tensors[]): Tensors {
  const joined: Tensors = {};
  for (const name of Object.keys(parts[0] ?? {})) {
    joined[name] = joinTensors(parts.map((part) => part[name] as Tensor));
  }
  return joined;
}

function joinTensors(tensors: readonly Tensor[]): Tensor {
  const { type, dims } = tensors[0] as Tensor;
  const rows = tensors.reduce((sum, tensor) => sum + (tensor.dims[0] ?? 0), 0);
  return {
    type,
    dims: [rows, ...dims.slice(1)],
    data: type === "string" ? joinTexts(tensors) : joinNumbers(tensors),
  };
}

function joinTexts(tensors: readonly Tensor[]): string[] {
  return tensors.flatMap(({ data }) => data as string[]);
}

function joinNumbers(tensors: readonly Tensor[]): NumericData {
  const Data = tensors[0]?.data.constructor as NumericConstructor;
  const joined = new Data(tensors.reduce((sum, { data }) => sum + data.length, 0));
  let offset = 0;
  for (const { data } of tensors) {
    joined.set(data as never, offset);
    offset += data.length;
  }
  return joined;
}

/** Rows `start` up to (not including) `end` of every tensor; numbers are a view, not a copy. */
export function sliceRows(tensors: Tensors, start: number, end: number): Tensors {
  const sliced: Tensors = {};
  for (const [name, { type, dims, data }] of Object.entries(tensors)) {
    const width = countElements(dims.slice(1));
    sliced[name] = {
      type,
      dims: [end - start, ...dims.slice(1)],
      data: Array.isArray(data)
        ? data.slice(start * width, end * width)
        : data.subarray(start * width, end * width),
    };
  }
  return sliced;
}
