import type { LoadedModel } from "../model.ts";
import { inputError } from "../inference-error.ts";
import { rowName } from "../row-dimension.ts";
import type { Tensors } from "../tensor.ts";
import { warmUpBytes, warmUpFeeds, type WarmUpSizes } from "../warm-up.ts";

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

/** Bytes of a row that is made: its size is the product of what a few letters can ask for. */
const mostBytes = 64 * 1024 * 1024;

/** One row of zeros, as long as texts get; null for a model that does not read tokens. */
export function longRow(
  model: LoadedModel,
  dimensions: Record<string, number>,
): { feeds: Tensors; tokens: number } | null {
  const sizes = sizesOf(model, dimensions, longSize);
  if (warmUpBytes(model.inputs, sizes) > mostBytes) return null;
  const feeds = warmUpFeeds(model.inputs, sizes);
  const tokens = feeds["input_ids"]?.dims[1];
  return tokens === undefined || tokens < 1 ? null : { feeds, tokens };
}

/**
 * One row of zeros, as for the warm-up.
 * @param dimensions sizes of free dimensions by name, before those of the model's configuration
 * @throws InferenceError `inference.input` when it would be too large
 */
export function sampleRow(model: LoadedModel, dimensions: Record<string, number>): Tensors {
  const sizes = sizesOf(model, dimensions, usualSize);
  const bytes = warmUpBytes(model.inputs, sizes);
  if (bytes > mostBytes) {
    throw inputError(
      `A row of the model "${model.record.name}" has ${bytes} bytes in these dimensions, and ` +
        `rows of at most ${mostBytes} are measured.`,
      "Name smaller dimensions, or models whose rows are smaller.",
    );
  }
  return warmUpFeeds(model.inputs, sizes);
}

/** @param other the size of those that nobody names */
function sizesOf(
  model: LoadedModel,
  dimensions: Record<string, number>,
  other: number,
): WarmUpSizes {
  const named = { ...model.record.configuration.dimensions, ...dimensions };
  return { ...(model.batching ? { row: rowName(model.inputs) } : {}), named, other };
}

export function describeSample(feeds: Tensors): SampleInput[] {
  return Object.entries(feeds).map(([name, { type, dims }]) => ({ name, type, shape: dims }));
}
