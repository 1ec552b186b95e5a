import {
  type NumericTypeName,
  byteLengthOf,
  elementTypeName,
  elementTypes,
  elementsOver,
} from "./element-types.ts";
import type { TensorProto } from "./messages.ts";
import { OnnxError } from "./onnx-error.ts";
import type { NumericData } from "../tensor.ts";

/** A tensor's elements in row-major order. */
export type TensorElements =
  | { type: NumericTypeName; dims: number[]; data: NumericData }
  | { type: "string"; dims: number[]; data: string[] };

/** True where the elements are in another file: `loadTensor` reads them. */
export function isExternal(tensor: TensorProto): boolean {
  return tensor.dataLocation === 1;
}

/**
 * The elements of a tensor, wherever it holds them; a view of its bytes where that is possible.
 * @throws OnnxError `onnx.tensor` when they are not as many as its dimensions say
 */
export function elementsOf(tensor: TensorProto): TensorElements {
  if (isExternal(tensor)) throw broken(tensor, "its elements are in another file");
  const type = elementTypeName(tensor.dataType ?? 0);
  if (type === null) throw broken(tensor, `it is of the type ${tensor.dataType ?? 0}`);
  const dims = dimensionsOf(tensor);
  const count = dims.reduce((product, size) => product * size, 1);
  if (type === "string") {
    if (tensor.stringData.length !== count) throw miscounted(tensor, count);
    const data = tensor.stringData.map((bytes) => Buffer.from(bytes).toString("utf8"));
    return { type, dims, data };
  }
  const bytes = bytesOf(tensor, type);
  if (bytes.length !== byteLengthOf(type, count)) throw miscounted(tensor, count);
  return { type, dims, data: elementsOver(type, bytes) };
}

/** @throws OnnxError `onnx.tensor` when one is negative or beyond what can be counted */
function dimensionsOf(tensor: TensorProto): number[] {
  return Array.from(tensor.dims, (size) => {
    if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw broken(tensor, `one of its dimensions is ${size}`);
    }
    return Number(size);
  });
}

/** What the tensor's type and dimensions say it takes, in bytes; 0 for strings. */
export function declaredBytes(tensor: TensorProto): number {
  const type = elementTypeName(tensor.dataType ?? 0);
  if (type === null || type === "string") return 0;
  return byteLengthOf(
    type,
    dimensionsOf(tensor).reduce((product, size) => product * size, 1),
  );
}

function bytesOf(tensor: TensorProto, type: NumericTypeName): Uint8Array {
  if (tensor.rawData !== undefined) return tensor.rawData;
  const { field, bits, array } = elementTypes[type];
  const values = tensor[field];
  const wide = array.BYTES_PER_ELEMENT === values.BYTES_PER_ELEMENT;
  if (wide) return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  // A narrow element is the low bits of a number of its own; those below a byte come packed.
  const Narrow = bits === 16 ? Uint16Array : bits === 32 ? Uint32Array : Uint8Array;
  const narrow = new Narrow(values.length);
  for (const [index, value] of values.entries()) narrow[index] = Number(value);
  return new Uint8Array(narrow.buffer);
}

function miscounted(tensor: TensorProto, count: number): OnnxError {
  return broken(tensor, `it does not hold the ${count} elements of its dimensions`);
}

function broken({ name = "" }: TensorProto, why: string): OnnxError {
  return new OnnxError("onnx.tensor", `The tensor "${name}" cannot be read: ${why}.`);
}
