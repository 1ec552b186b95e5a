import { countElements, type Tensor, type Tensors } from "./tensor.ts";
import type { RowDimension, ValueShape } from "./worker-protocol.ts";

/**
 * What a model's declared shapes say of dimension 0. "free" is a claim still: an export can name
 * the dimension and yet compute with another, so `rowsAreIndependent` looks at what comes out.
 */
export function declaredRows(
  inputs: readonly ValueShape[],
  outputs: readonly ValueShape[],
): RowDimension {
  const first = [...inputs, ...outputs].map(({ dims }) => dims[0]);
  if (inputs.length === 0 || first.includes(undefined)) return null;
  if (first.every((size) => typeof size === "string")) {
    const names = new Set(inputs.map(({ dims }) => dims[0]).filter((name) => name !== ""));
    return names.size <= 1 ? "free" : null;
  }
  const [rows] = first;
  return typeof rows === "number" && rows > 0 && first.every((size) => size === rows) ? rows : null;
}

/** The name of dimension 0 of the inputs; empty where it has none. */
export function rowName(inputs: readonly ValueShape[]): string {
  const named = inputs.find(({ dims }) => typeof dims[0] === "string" && dims[0] !== "");
  return (named?.dims[0] as string | undefined) ?? "";
}

/** True when `many`, of `count` equal rows, is `count` times what came out for `one` of them. */
export function rowsAreIndependent(one: Tensors, many: Tensors, count: number): boolean {
  return Object.entries(one).every(([name, tensor]) => repeats(tensor, many[name], count));
}

function repeats(one: Tensor, many: Tensor | undefined, count: number): boolean {
  if (many === undefined || one.dims[0] !== 1 || many.dims[0] !== count) return false;
  if (many.dims.slice(1).join() !== one.dims.slice(1).join()) return false;
  const width = countElements(one.dims);
  for (let index = 0; index < width * count; index += 1) {
    if (!near(one.data[index % width], many.data[index])) return false;
  }
  return true;
}

function near(one: unknown, other: unknown): boolean {
  if (typeof one !== "number" || typeof other !== "number") return one === other;
  return Object.is(one, other) || Math.abs(one - other) <= 1e-4 + 1e-3 * Math.abs(one);
}
