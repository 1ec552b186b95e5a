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

/** Tokens of a long text, where nobody says how many. */
const longSize = 256;

/** One row of zeros, as long as texts get; null for a model that does not read tokens. */
export function longRow(
  model: LoadedModel,
  dimensions: Record<string, number>,
): { feeds: Tensors; tokens: number } | null {
  const feeds = sampleRow(model, dimensions, longSize);
  const tokens = feeds["input_ids"]?.dims[1];
  return tokens === undefined || tokens < 1 ? null : { feeds, tokens };
}

/**
 * One row of zeros, as for the warm-up.
 * @param dimensions sizes of free dimensions by name, before those of the model's configuration
 * @param other the size of those that nobody names
 */
export function sampleRow(
  model: LoadedModel,
  dimensions: Record<string, number>,
  other = usualSize,
): Tensors {
  const named = { ...model.record.configuration.dimensions, ...dimensions };
  return warmUpFeeds(model.inputs, {
    ...(model.batching ? { row: rowName(model.inputs) } : {}),
    named,
    other,
  });
}

export function describeSample(feeds: Tensors): SampleInput[] {
  return Object.entries(feeds).map(([name, { type, dims }]) => ({ name, type, shape: dims }));
}
