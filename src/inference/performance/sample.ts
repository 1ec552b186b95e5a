import type { LoadedModel } from "../model.ts";
import type { Tensors } from "../tensor.ts";
import { rowName } from "../row-dimension.ts";
import { warmUpFeeds } from "../warm-up.ts";

/** What was sent while a model was measured. */
export interface SampleInput {
  name: string;
  type: string;
  shape: readonly number[];
}

/** Size of a free dimension of which nothing is known: a text of that many tokens, for one. */
const usualSize = 16;

/**
 * One row of zeros, as for the warm-up.
 * @param dimensions sizes of free dimensions by name, before those of the model's configuration
 */
export function sampleRow(model: LoadedModel, dimensions: Record<string, number>): Tensors {
  const named = { ...model.record.configuration.dimensions, ...dimensions };
  return warmUpFeeds(model.inputs, {
    ...(model.batching ? { row: rowName(model.inputs) } : {}),
    named,
    other: usualSize,
  });
}

export function describeSample(feeds: Tensors): SampleInput[] {
  return Object.entries(feeds).map(([name, { type, dims }]) => ({ name, type, shape: dims }));
}
