import type { NumericData } from "../../inference/tensor.ts";

/** An array that can look at bytes that are already in memory. */
interface NumericArray {
  new (length: number): NumericData;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): NumericData;
}

/** A datatype of the Open Inference Protocol, and what it is to ONNX Runtime. */
export interface Datatype {
  name: string;
  /** The name that ONNX Runtime uses. */
  type: string;
  /** Bytes of one element; 0 for BYTES, whose elements say how long they are. */
  bytes: 0 | 1 | 2 | 4 | 8;
  /** What holds the elements; null for BYTES, which is a list of strings. FP16 is held as bits. */
  Elements: NumericArray | null;
}

function numeric(
  name: string,
  type: string,
  Elements: NumericArray & { BYTES_PER_ELEMENT: number },
) {
  return { name, type, bytes: Elements.BYTES_PER_ELEMENT as 1 | 2 | 4 | 8, Elements };
}

/** Tensor Data Types of https://github.com/kserve/open-inference-protocol. */
const datatypes: readonly Datatype[] = [
  numeric("BOOL", "bool", Uint8Array),
  numeric("UINT8", "uint8", Uint8Array),
  numeric("UINT16", "uint16", Uint16Array),
  numeric("UINT32", "uint32", Uint32Array),
  numeric("UINT64", "uint64", BigUint64Array),
  numeric("INT8", "int8", Int8Array),
  numeric("INT16", "int16", Int16Array),
  numeric("INT32", "int32", Int32Array),
  numeric("INT64", "int64", BigInt64Array),
  numeric("FP16", "float16", Uint16Array),
  numeric("FP32", "float32", Float32Array),
  numeric("FP64", "float64", Float64Array),
  { name: "BYTES", type: "string", bytes: 0, Elements: null },
];

const byName = new Map(datatypes.map((datatype) => [datatype.name, datatype]));
const byType = new Map(datatypes.map((datatype) => [datatype.type, datatype]));

export const datatypeNames: readonly string[] = datatypes.map(({ name }) => name);

/** By the protocol's name, such as "FP32". */
export function datatypeNamed(name: string): Datatype | undefined {
  return byName.get(name);
}

/** By the runtime's name, such as "float32". */
export function datatypeOf(type: string): Datatype | undefined {
  return byType.get(type);
}
