import type { Label } from "../model-config.ts";
import type { Activation } from "./image-model.ts";

export interface Classification {
  /** The label's code. */
  label: string;
  name: string;
  score: number;
}

/** Softmax over the values, the logistic function of each, or the values themselves. */
export function activate(values: Float32Array, activation: Activation): Float32Array {
  if (activation === "none") return values;
  if (activation === "sigmoid") return values.map((value) => 1 / (1 + Math.exp(-value)));
  // The highest is taken away first, so that no exponential overflows.
  const highest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = values.map((value) => Math.exp(value - highest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** The labels of the highest scores, the highest first. */
export function highest(
  scores: Float32Array,
  labels: readonly Label[],
  count: number,
): Classification[] {
  return labels
    .map(({ code, name }, index) => ({ label: code, name, score: scores[index] as number }))
    .toSorted((one, other) => other.score - one.score)
    .slice(0, count);
}
