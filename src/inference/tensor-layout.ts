import { arrayOf, countElements, type NumericData } from "./tensor.ts";
import type { ValueShape } from "./worker-protocol.ts";

/** Tensors begin at multiples of a cache line, which is enough for every element type. */
const alignment = 64;

export interface Layout {
  /** Where each value begins, in bytes; strings take no room. */
  offsets: number[];
  bytes: number;
}

/** Where tensors of these shapes lie in a slot, one after another: both threads compute it. */
export function layOut(
  values: readonly ValueShape[],
  shapes: readonly (readonly number[])[],
): Layout {
  let bytes = 0;
  const offsets = values.map(({ type }, index) => {
    const offset = bytes;
    const width = arrayOf(type)?.BYTES_PER_ELEMENT ?? 0;
    const size = width * countElements(shapes[index] ?? []);
    bytes = Math.ceil((offset + size) / alignment) * alignment;
    return offset;
  });
  return { offsets, bytes };
}

/** The numbers of one tensor in a slot: a view, valid until the slot is filled again. */
export function viewAt(
  slot: SharedArrayBuffer,
  offset: number,
  type: string,
  dims: readonly number[],
): NumericData {
  const Data = arrayOf(type);
  if (Data === undefined) throw new TypeError(`There are no numbers of the type ${type}.`);
  return new Data(slot, offset, countElements(dims));
}
