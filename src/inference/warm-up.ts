import type { TensorData, Tensors } from "./tensor.ts";
import type { ValueShape } from "./worker-protocol.ts";

const arrays: Record<string, new (length: number) => TensorData> = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
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

/** One row of zeros for every input, every free dimension being 1. */
export function warmUpFeeds(inputs: readonly ValueShape[]): Tensors {
  const feeds: Tensors = {};
  for (const { name, type, dims } of inputs) {
    const Data = arrays[type];
    if (Data === undefined) {
      throw new Error(`the input "${name}" is of type ${type}, which studio does not serve`);
    }
    const sizes = dims.map((size) => (typeof size === "number" && size > 0 ? size : 1));
    const length = sizes.reduce((product, size) => product * size, 1);
    feeds[name] = { type, dims: sizes, data: new Data(length) };
  }
  return feeds;
}
