import { InferenceError } from "../inference-error.ts";
import type { ModelPool } from "../model-pool.ts";
import type { LoadedModel } from "../model.ts";

/**
 * The model that a task works with.
 * @param missing the error when there is no such model, naming what to install
 * @throws InferenceError that, or `inference.unavailable` when the model is there and not served
 */
export function taskModel(
  pool: ModelPool,
  name: string,
  missing: () => InferenceError,
): LoadedModel {
  try {
    return pool.require(name);
  } catch (error) {
    if (error instanceof InferenceError && error.code === "model.unknown") throw missing();
    throw error;
  }
}
