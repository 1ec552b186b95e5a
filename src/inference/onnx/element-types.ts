import type { NumericData } from "../tensor.ts";

type TypedField = "floatData" | "int32Data" | "int64Data" | "doubleData" | "uint64Data";

interface NumericType {
  /** TensorProto.DataType */
  readonly number: number;
  /** Of one element; those of less than 8 are packed, the first in the lowest bits. */
  readonly bits: number;
  /** Types that JavaScript does not have are held as their bits, in unsigned integers. */
  readonly array: new (
    buffer: ArrayBufferLike,
    offset?: number,
    length?: number,
  ) => NumericData;
  /** The field that holds the elements where `rawData` does not. */
  readonly field: TypedField;
}

/** By the names that ONNX Runtime uses, where it has one. A complex number is two elements. Source: TensorProto in onnx.proto. */
export const elementTypes = {
  float32: { number: 1, bits: 32, array: Float32Array, field: "floatData" },
  uint8: { number: 2, bits: 8, array: Uint8Array, field: "int32Data" },
  int8: { number: 3, bits: 8, array: Int8Array, field: "int32Data" },
  uint16: { number: 4, bits: 16, array: Uint16Array, field: "int32Data" },
  int16: { number: 5, bits: 16, array: Int16Array, field: "int32Data" },
  int32: { number: 6, bits: 32, array: Int32Array, field: "int32Data" },
  int64: { number: 7, bits: 64, array: BigInt64Array, field: "int64Data" },
  bool: { number: 9, bits: 8, array: Uint8Array, field: "int32Data" },
  // The thread of a model has none (float16-as-bits.ts).
  float16: {
    number: 10,
    bits: 16,
    array: globalThis.Float16Array ?? Uint16Array,
    field: "int32Data",
  },
  float64: { number: 11, bits: 64, array: Float64Array, field: "doubleData" },
  uint32: { number: 12, bits: 32, array: Uint32Array, field: "uint64Data" },
  uint64: { number: 13, bits: 64, array: BigUint64Array, field: "uint64Data" },
  complex64: { number: 14, bits: 64, array: Float32Array, field: "floatData" },
  complex128: { number: 15, bits: 128, array: Float64Array, field: "doubleData" },
  bfloat16: { number: 16, bits: 16, array: Uint16Array, field: "int32Data" },
  float8e4m3fn: { number: 17, bits: 8, array: Uint8Array, field: "int32Data" },
  float8e4m3fnuz: { number: 18, bits: 8, array: Uint8Array, field: "int32Data" },
  float8e5m2: { number: 19, bits: 8, array: Uint8Array, field: "int32Data" },
  float8e5m2fnuz: { number: 20, bits: 8, array: Uint8Array, field: "int32Data" },
  uint4: { number: 21, bits: 4, array: Uint8Array, field: "int32Data" },
  int4: { number: 22, bits: 4, array: Uint8Array, field: "int32Data" },
  float4e2m1: { number: 23, bits: 4, array: Uint8Array, field: "int32Data" },
  float8e8m0: { number: 24, bits: 8, array: Uint8Array, field: "int32Data" },
  uint2: { number: 25, bits: 2, array: Uint8Array, field: "int32Data" },
  int2: { number: 26, bits: 2, array: Uint8Array, field: "int32Data" },
} as const satisfies Record<string, NumericType>;

/** TensorProto.DataType.STRING: the one type whose elements are no numbers. */
const stringType = 8;

export type NumericTypeName = keyof typeof elementTypes;
export type ElementTypeName = NumericTypeName | "string";

const byNumber = new Map(
  Object.entries(elementTypes).map(([name, type]) => [
    type.number as number,
    name as NumericTypeName,
  ]),
);

/** The name of a TensorProto.DataType; null when ONNX has none of that number. */
export function elementTypeName(number: number): ElementTypeName | null {
  return number === stringType ? "string" : (byNumber.get(number) ?? null);
}

export function elementTypeNumber(name: ElementTypeName): number {
  return name === "string" ? stringType : elementTypes[name].number;
}

/** Bytes that `count` elements take, packed. */
export function byteLengthOf(name: NumericTypeName, count: number): number {
  return Math.ceil((count * elementTypes[name].bits) / 8);
}

/** Elements of a type over bytes that hold them; they are copied only where they are not aligned. */
export function elementsOver(name: NumericTypeName, bytes: Uint8Array): NumericData {
  const { array } = elementTypes[name];
  const size = array.BYTES_PER_ELEMENT;
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  return new array(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    Math.floor(bytes.length / size),
  );
}
