import type { TensorData } from "../../inference/tensor.ts";
import type { Datatype } from "./datatypes.ts";
import { invalidInput, quote } from "./invalid-input.ts";

/** What an element may be for each datatype; undefined when the value is none. */
type Read = (value: unknown) => number | bigint | string | undefined;

const readers: Record<string, Read> = {
  BOOL: (value) => (typeof value === "boolean" ? Number(value) : integer(0, 1)(value)),
  UINT8: integer(0, 2 ** 8 - 1),
  UINT16: integer(0, 2 ** 16 - 1),
  UINT32: integer(0, 2 ** 32 - 1),
  INT8: integer(-(2 ** 7), 2 ** 7 - 1),
  INT16: integer(-(2 ** 15), 2 ** 15 - 1),
  INT32: integer(-(2 ** 31), 2 ** 31 - 1),
  UINT64: longInteger(0n, 2n ** 64n - 1n),
  INT64: longInteger(-(2n ** 63n), 2n ** 63n - 1n),
  FP32: (value) => real(value, Math.fround),
  FP64: (value) => real(value, Number),
  BYTES: (value) => (typeof value === "string" ? value : undefined),
};

/** As protocol buffers write them in JSON, which has no numbers for them. */
const notFinite = new Map([
  ["NaN", NaN],
  ["Infinity", Infinity],
  ["-Infinity", -Infinity],
]);

/**
 * The elements of a tensor that was sent as JSON, flat in row-major order or nested as its shape.
 * @throws RequestError 400 when `given` is not an array of `dims` with elements of the datatype
 */
export function readJson(
  datatype: Datatype,
  given: unknown,
  dims: readonly number[],
  pointer: string,
): TensorData {
  const { name, Elements } = datatype;
  const read = readers[name];
  if (read === undefined) {
    const hint = "Send it as binary data: parameters.binary_data_size.";
    throw invalidInput(pointer, `${name} has no form in JSON.`, hint);
  }
  if (!Array.isArray(given)) throw invalidInput(pointer, "The data of a tensor is an array.");
  const list = given as unknown[];
  const count = dims.reduce((product, size) => product * size, 1);
  const flat = Array.isArray(list[0]) ? flatten(list, dims, pointer) : list;
  if (flat.length !== count) {
    const shape = `[${dims.join(", ")}]`;
    throw invalidInput(
      pointer,
      `The shape ${shape} has ${count} elements, and ${flat.length} were sent.`,
    );
  }
  const elements: { [index: number]: unknown } = Elements === null ? [] : new Elements(count);
  for (let index = 0; index < count; index++) {
    const element = read(flat[index]);
    if (element === undefined) {
      const what = quote(printable(flat[index]));
      throw invalidInput(pointer, `Element ${index}, ${what}, is no value of ${name}.`);
    }
    elements[index] = element;
  }
  return elements as TensorData;
}

/** Level by level; no deeper than the shape, whatever was sent. */
function flatten(list: unknown[], dims: readonly number[], pointer: string): unknown[] {
  let level = list;
  for (const [depth, size] of dims.entries()) {
    const parents = dims.slice(0, depth).reduce((product, one) => product * one, 1);
    if (level.length !== parents * size) break;
    if (depth === dims.length - 1) return level;
    const next = dims[depth + 1] as number;
    if (!level.every((row) => Array.isArray(row) && row.length === next)) break;
    level = (level as unknown[][]).flat(1);
  }
  throw invalidInput(pointer, `The nesting of the data is not that of [${dims.join(", ")}].`);
}

function integer(least: number, most: number): Read {
  return (value) =>
    Number.isInteger(value) && (value as number) >= least && (value as number) <= most
      ? (value as number)
      : undefined;
}

/** Also from a BigInt, or from its digits in a string: what a JSON number cannot carry. */
function longInteger(least: bigint, most: bigint): Read {
  return (value) => {
    const isDigits = typeof value === "string" && /^-?\d{1,20}$/.test(value);
    if (typeof value !== "bigint" && !Number.isSafeInteger(value) && !isDigits) return undefined;
    const number = BigInt(value as string);
    return number >= least && number <= most ? number : undefined;
  };
}

function real(value: unknown, round: (value: number) => number): number | undefined {
  if (typeof value === "string") return notFinite.get(value);
  const number = typeof value === "bigint" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(round(number)) ? number : undefined;
}

function printable(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "[…]" : "{…}";
  return String(value);
}

/**
 * The elements of a tensor as a JSON array. Whole numbers of 64 bits keep all their digits; what
 * JSON has no number for is written as protocol buffers do.
 */
export function writeJson(type: string, data: TensorData): string {
  if (Array.isArray(data)) return JSON.stringify(data);
  if (type === "bool")
    return `[${Array.from(data as Uint8Array, (value) => value !== 0).join(",")}]`;
  if (!type.startsWith("float")) return `[${(data as Int32Array).join(",")}]`;
  const numbers = data as Float32Array;
  return `[${numbers.every(isPlain) ? numbers.join(",") : Array.from(numbers, write).join(",")}]`;
}

function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0);
}

function write(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  return Object.is(value, -0) ? "-0" : String(value);
}
