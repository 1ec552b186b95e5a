import { arrayOf, countElements, type Tensors } from "./tensor.ts";
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

/** Zeros or ones for every input; as texts, empty ones or "1". */
export function warmUpFeeds(
  inputs: readonly ValueShape[],
  sizes: WarmUpSizes,
  value: 0 | 1 = 0,
): Tensors {
  const feeds: Tensors = {};
  for (const { name, type, dims } of inputs) {
    const shape = dims.map((size, axis) => (typeof size === "number" ? size : free(size, axis)));
    const length = countElements(shape);
    const Data = arrayOf(type);
    if (Data === undefined && type !== "string") {
      throw new Error(`the input "${name}" is of type ${type}, which studio does not serve`);
    }
    const data =
      Data === undefined
        ? Array<string>(length).fill(value === 0 ? "" : "1")
        : new Data(length).fill((type.endsWith("int64") ? BigInt(value) : value) as never);
    feeds[name] = { type, dims: shape, data };
  }
  return feeds;

  function free(name: string, axis: number): number {
    const { row, named, other } = sizes;
    if (row !== undefined && (axis === 0 || (name !== "" && name === row))) return 1;
    return named[name] ?? other;
  }
}
