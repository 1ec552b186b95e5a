import { arrayOf, countElements, type TensorData, type Tensors } from "./tensor.ts";
import type { ValueShape } from "./worker-protocol.ts";

/** How large the free dimensions of a warm-up are. */
export interface WarmUpSizes {
  /** The name of the dimension that counts rows, which is 1; empty where it has none. */
  row?: string;
  /** Sizes by name. */
  named: Record<string, number>;
  /** The size of any other free dimension. */
  other: number;
}

/** What the elements of a warm-up are. "waves" are numbers of many sizes, and ones if whole. */
export type Filling = "zeros" | "ones" | "waves";

/** Feeds of a kind for every input; texts are empty, or "1". */
export function warmUpFeeds(
  inputs: readonly ValueShape[],
  sizes: WarmUpSizes,
  filling: Filling = "zeros",
): Tensors {
  const feeds: Tensors = {};
  for (const { name, type, dims } of inputs) {
    const shape = shapeOf(dims, sizes);
    feeds[name] = { type, dims: shape, data: filled(type, countElements(shape), filling) };
  }
  return feeds;
}

/** Bytes that such feeds would take. */
export function warmUpBytes(inputs: readonly ValueShape[], sizes: WarmUpSizes): number {
  return inputs.reduce((sum, { type, dims }) => {
    const width = arrayOf(type)?.BYTES_PER_ELEMENT ?? bytesOfText;
    return sum + countElements(shapeOf(dims, sizes)) * width;
  }, 0);
}

/** A reference to one of those that are all the same. */
const bytesOfText = 8;

function shapeOf(dims: ValueShape["dims"], { row, named, other }: WarmUpSizes): number[] {
  return dims.map((size, axis) => {
    if (typeof size === "number") return size;
    if (row !== undefined && (axis === 0 || (size !== "" && size === row))) return 1;
    return named[size] ?? other;
  });
}

function filled(type: string, length: number, filling: Filling): TensorData {
  const Data = arrayOf(type);
  const one = filling === "zeros" ? 0 : 1;
  if (Data === undefined) return Array<string>(length).fill(one === 0 ? "" : "1");
  const data = new Data(length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return data.fill(BigInt(one));
  }
  if (filling !== "waves" || !(data instanceof Float32Array || data instanceof Float64Array)) {
    return data.fill(one);
  }
  return data.map((_, index) => 8 * Math.sin(index + 1));
}
