import {
  add,
  addFloat,
  addLanes,
  assembleModule,
  type Code,
  constant,
  type FunctionText,
  get,
  isBelow,
  lane,
  loadLanes,
  multiplyAddLanes,
  repeat,
  set,
  storeFloat,
  subtract,
  subtractLanes,
  zeroLanes,
} from "./assembler.ts";
import type { SharedMemory } from "./shared-memory.ts";

/** `product`: sum of a·b. `square`: sum of (a − b)². */
export type Operation = "product" | "square";

/** Queries that are compared with a row while it is in the processor's cache. */
export const queriesAtOnce = 4;

/** Rows are padded with zeros to a multiple of this many bytes: four loads of four floats. */
const rowUnit = 64;

/** Bytes of one row of `dimension` float32. */
export function rowBytesOf(dimension: number): number {
  return Math.ceil((dimension * 4) / rowUnit) * rowUnit;
}

/**
 * The sums are those of float32, added in four lanes and up to four groups: relative to the sum of
 * the magnitudes of what is added, the result is off by at most this.
 * N. J. Higham, Accuracy and Stability of Numerical Algorithms, section 3.1: n·u / (1 − n·u).
 */
export function relativeError(dimension: number): number {
  return (dimension / 4 + 16) * 2 ** -23;
}

/** All addresses and sizes in bytes. */
export interface KernelCall {
  /** Of the first row; rows follow one another. */
  values: number;
  rows: number;
  rowBytes: number;
  /** Of the first query; queries are as long as rows and follow one another. */
  queries: number;
  /** Of the float32 sum of the first query with the first row; those of its other rows follow. */
  scores: number;
  /** From the sums of one query to those of the next. */
  scoreStride: number;
}

/** Compares rows with one query, or with `queriesAtOnce`. */
export type Kernel = Record<Operation, Record<"one" | "many", (call: KernelCall) => void>>;

type Exported = (...numbers: number[]) => void;

/** The kernels on a memory; each thread that uses it makes its own. */
export function createKernel(memory: SharedMemory): Kernel {
  const module = new WebAssembly.Module(
    assembleModule([
      kernelText("product", 1),
      kernelText("product", queriesAtOnce),
      kernelText("square", 1),
      kernelText("square", queriesAtOnce),
    ]),
  );
  const { exports } = new WebAssembly.Instance(module, { studio: { memory } });
  const call = (name: string) => {
    const run = exports[name] as Exported;
    return ({ values, rows, rowBytes, queries, scores, scoreStride }: KernelCall) => {
      if (rows > 0) run(values, rows, rowBytes, queries, scores, scoreStride);
    };
  };
  return {
    product: { one: call("product1"), many: call(`product${queriesAtOnce}`) },
    square: { one: call("square1"), many: call(`square${queriesAtOnce}`) },
  };
}

/** The parameters' order is that of `KernelCall`. */
const [values, rows, rowBytes, queries, scores, scoreStride, offset] = [0, 1, 2, 3, 4, 5, 6];
const parameters = 6;

function kernelText(operation: Operation, count: number): FunctionText {
  // Enough sums at once that no addition waits for the one before it.
  const groups = count === 1 ? 4 : 2;
  const pointer = (query: number): number => parameters + 1 + query;
  const place = parameters + 1 + count;
  const firstVector = place + 1;
  const sum = (query: number, group: number): number => firstVector + query * groups + group;
  const row = firstVector + count * groups;
  const difference = row + 1;

  const accumulate = (query: number, group: number): Code => {
    const other = loadLanes(add(get(pointer(query)), get(offset)), group * 16);
    const target = sum(query, group);
    if (operation === "product") return set(target, multiplyAddLanes(get(row), other, get(target)));
    return [
      ...set(difference, subtractLanes(get(row), other)),
      ...set(target, multiplyAddLanes(get(difference), get(difference), get(target))),
    ];
  };
  const compareGroup = (group: number): Code => [
    ...set(row, loadLanes(add(get(values), get(offset)), group * 16)),
    ...range(count).flatMap((query) => accumulate(query, group)),
  ];
  const compareRow = repeat(
    [
      ...range(groups).flatMap(compareGroup),
      ...set(offset, add(get(offset), constant(groups * 16))),
    ],
    isBelow(get(offset), get(rowBytes)),
  );
  const storeSum = (query: number): Code => {
    const total = range(groups)
      .map((group) => get(sum(query, group)))
      .reduce(addLanes);
    const floats = range(4).map((index) => lane(get(row), index));
    return [
      ...set(row, total),
      ...storeFloat(get(place), floats.reduce(addFloat)),
      ...set(place, add(get(place), get(scoreStride))),
    ];
  };
  const body = [
    ...range(count).flatMap((query) =>
      set(pointer(query), query === 0 ? get(queries) : add(get(pointer(query - 1)), get(rowBytes))),
    ),
    ...repeat(
      [
        ...range(groups * count).flatMap((index) => set(firstVector + index, zeroLanes)),
        ...set(offset, constant(0)),
        ...compareRow,
        ...set(place, get(scores)),
        ...range(count).flatMap(storeSum),
        ...set(values, add(get(values), get(rowBytes))),
        ...set(scores, add(get(scores), constant(4))),
        ...set(rows, subtract(get(rows), constant(1))),
      ],
      get(rows),
    ),
  ];
  return {
    name: `${operation}${count}`,
    parameters,
    locals: { i32: 2 + count, v128: count * groups + 2 },
    body,
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}
