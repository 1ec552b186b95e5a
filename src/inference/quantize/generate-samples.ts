import type { GraphProto } from "../onnx/messages.ts";
import type { SampleValue } from "./read-samples.ts";
import type { SessionInput } from "./runtime-session.ts";

/** What free dimensions are of which nothing is known: tokens of a text, say. */
const freeSize = 32;

export interface SampleOptions {
  seed: number;
  /** Where a model takes any number. */
  rows: number;
  /** Sizes of other free dimensions, by name. */
  dimensions: Readonly<Record<string, number>>;
}

/**
 * Inputs that a model can be run on, the same in every call: normally distributed fractions, whole
 * numbers below the size of the table they are looked up in, ones for what is named a mask.
 * They say how fast a model is; how exact it is on real ones, only real ones say.
 */
export function generateSample(
  inputs: readonly SessionInput[],
  graph: GraphProto,
  { seed, rows, dimensions }: SampleOptions,
): Record<string, SampleValue> {
  const random = uniformNumbers(seed);
  const sample: Record<string, SampleValue> = {};
  for (const { name, type, shape } of inputs) {
    const dims = shape.map((size, index) => {
      if (typeof size === "number" && size >= 0) return size;
      if (index === 0 || size === shape[0]) return rows;
      return dimensions[size] ?? freeSize;
    });
    const length = dims.reduce((product, size) => product * size, 1);
    const next = /mask/i.test(name) ? () => 1 : numbersFor(type, tableSize(graph, name), random);
    const values = Array.from({ length }, next);
    sample[name] = { type, dims, values: type === "string" ? values.map(String) : values };
  }
  return sample;
}

function numbersFor(type: string, limit: number, random: () => number): () => number {
  if (type === "bool") return () => 1;
  if (type.includes("int") || type === "string") return () => Math.floor(random() * limit);
  // The Box-Muller transform.
  return () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}

/** Rows of the smallest table that the input's numbers pick from; 2 when there is none. */
function tableSize({ node, initializer }: GraphProto, input: string): number {
  const sizes = new Map(initializer.map(({ name = "", dims }) => [name, Number(dims[0] ?? 0n)]));
  const tables = node
    .filter((one) => one.opType === "Gather" && one.input[1] === input)
    .map((one) => sizes.get(one.input[0] ?? "") ?? 0)
    .filter((size) => size > 0);
  return tables.length === 0 ? 2 : Math.min(...tables);
}

/** Above 0, up to 1: the linear congruential generator of Numerical Recipes. */
function uniformNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
}
