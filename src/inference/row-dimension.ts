import { joinRows, type Tensor, type Tensors } from "./tensor.ts";
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

/**
 * True when the outputs of a batch are those of its rows by themselves. A model fails this when
 * rows mix, or when what comes out has other rows than what went in. So does one that is quantized
 * by the range of its present input: what it answers would follow from who else asks.
 * @param run computes the model's outputs
 * @param rows feeds of one row each
 */
export async function rowsAreIndependent(
  run: (feeds: Tensors) => Promise<Tensors>,
  rows: readonly Tensors[],
): Promise<boolean> {
  const alone: Tensors[] = [];
  for (const row of rows) alone.push(await run(row));
  const together = await run(joinRows(rows));
  const [first] = alone;
  for (const [name, { dims }] of Object.entries(first ?? {})) {
    const shape = dims.slice(1).join();
    const alike = alone.every((one) => hasRows(one[name], 1, shape));
    if (!alike || !hasRows(together[name], rows.length, shape)) return false;
  }
  const joined = joinRows(alone);
  return Object.entries(joined).every(([name, tensor]) => near(tensor, together[name] as Tensor));
}

function hasRows(tensor: Tensor | undefined, rows: number, shape: string): boolean {
  return tensor?.dims[0] === rows && tensor.dims.slice(1).join() === shape;
}

/** Sums of many products differ in their last bits with the size of a batch; nothing else may. */
function near(one: Tensor, other: Tensor): boolean {
  const values = numbersOf(one);
  const others = numbersOf(other);
  if (values === null || others === null) {
    return Array.from<unknown>(one.data as string[]).every((value, at) => value === other.data[at]);
  }
  let largest = 0;
  for (let index = 0; index < values.length; index += 1) {
    largest = Math.max(largest, Math.abs(values[index] as number) || 0);
  }
  const tolerance = Number.isFinite(largest) ? 1e-5 + 1e-4 * largest : 0;
  for (let index = 0; index < values.length; index += 1) {
    const difference = Math.abs((values[index] as number) - (others[index] as number));
    if (!Object.is(values[index], others[index]) && !(difference <= tolerance)) return false;
  }
  return true;
}

/** Null for text and for whole numbers of 64 bits, which are equal or not. */
function numbersOf({ type, data }: Tensor): ArrayLike<number> | null {
  if (Array.isArray(data) || data instanceof BigInt64Array || data instanceof BigUint64Array) {
    return null;
  }
  if (type !== "float16") return data;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from(data, (_, index) => view.getFloat16(index * 2, true));
}
