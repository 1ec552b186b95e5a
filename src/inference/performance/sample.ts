import type { LoadedModel } from "../model.ts";
import type { Tensors } from "../tensor.ts";
import { warmUpFeeds } from "../warm-up.ts";

/** What was sent while a model was measured. */
export interface SampleInput {
  name: string;
  type: string;
  shape: readonly number[];
}

/** Size of a free dimension of which nothing is known: a text of that many tokens, for one. */
const usualSize = 16;

/** True where each input and output has a free first dimension, so that rows can be batched. */
export function takesRows({ inputs, outputs }: LoadedModel): boolean {
  return [...inputs, ...outputs].every(({ dims }) => typeof dims[0] === "string");
}

/**
 * One row of zeros, as for the warm-up.
 * @param dimensions sizes of free dimensions by name, before those of the model's configuration
 */
export function sampleRow(model: LoadedModel, dimensions: Record<string, number>): Tensors {
  const named = { ...model.record.configuration.dimensions, ...dimensions };
  const name = model.inputs[0]?.dims[0];
  const row = typeof name === "string" && takesRows(model) ? name : undefined;
  return warmUpFeeds(model.inputs, {
    ...(row === undefined ? {} : { row }),
    named,
    other: usualSize,
  });
}

export function describeSample(feeds: Tensors): SampleInput[] {
  return Object.entries(feeds).map(([name, { type, dims }]) => ({ name, type, shape: dims }));
}
