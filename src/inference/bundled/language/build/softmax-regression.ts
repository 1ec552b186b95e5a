import type { SparseFeatures } from "../../../text/character-ngrams.ts";
import type { LinearModel } from "./onnx-writer.ts";

/** Gradients smaller than this move no weight worth moving; skipping them saves most of the work. */
const smallestGradient = 1e-4;
/** The bias sees every example, so it takes smaller steps than a weight does. */
const biasRate = 0.02;

/** Fills `target` with the logits of one text: bias + features × weights. */
function computeLogits(model: LinearModel, features: SparseFeatures, target: Float64Array): void {
  const { labels, weights, bias } = model;
  for (let label = 0; label < labels; label += 1) target[label] = bias[label] ?? 0;
  const { indices, values } = features;
  for (let position = 0; position < indices.length; position += 1) {
    const row = (indices[position] ?? 0) * labels;
    const value = values[position] ?? 0;
    for (let label = 0; label < labels; label += 1) {
      target[label] = (target[label] ?? 0) + value * (weights[row + label] ?? 0);
    }
  }
}

/** Replaces logits by probabilities, after dividing them by a temperature. */
function softmax(logits: Float64Array, temperature = 1): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) largest = Math.max(largest, logit);
  let sum = 0;
  for (let label = 0; label < logits.length; label += 1) {
    const weight = Math.exp(((logits[label] ?? 0) - largest) / temperature);
    logits[label] = weight;
    sum += weight;
  }
  for (let label = 0; label < logits.length; label += 1) logits[label] = (logits[label] ?? 0) / sum;
}

/**
 * Fits multinomial logistic regression one example at a time. The step size is that of AdaGrad
 * (Duchi, Hazan, Singer 2011) with one accumulator for each feature's row of weights, times a
 * rate that the caller lets fall to zero.
 */
export class SoftmaxRegression {
  readonly model: LinearModel;
  private readonly squares: Float32Array;
  private readonly probabilities: Float64Array;
  private readonly activeLabels: Int32Array;
  private readonly gradients: Float64Array;

  constructor(dimensions: number, labels: number) {
    const weights = new Float32Array(dimensions * labels);
    this.model = { dimensions, labels, weights, bias: new Float32Array(labels) };
    this.squares = new Float32Array(dimensions).fill(1e-6);
    this.probabilities = new Float64Array(labels);
    this.activeLabels = new Int32Array(labels);
    this.gradients = new Float64Array(labels);
  }

  /** Takes one step towards the given label. */
  step(features: SparseFeatures, truth: number, rate: number): void {
    computeLogits(this.model, features, this.probabilities);
    softmax(this.probabilities);
    const active = this.gatherGradients(truth);
    const { weights, bias, labels } = this.model;
    const { indices, values } = features;
    let norm = 0;
    for (let slot = 0; slot < active; slot += 1) norm += (this.gradients[slot] ?? 0) ** 2;
    for (let position = 0; position < indices.length; position += 1) {
      const index = indices[position] ?? 0;
      const value = values[position] ?? 0;
      const square = (this.squares[index] ?? 0) + value * value * norm;
      this.squares[index] = square;
      const scale = (rate * value) / Math.sqrt(square);
      for (let slot = 0; slot < active; slot += 1) {
        const cell = index * labels + (this.activeLabels[slot] ?? 0);
        weights[cell] = (weights[cell] ?? 0) - scale * (this.gradients[slot] ?? 0);
      }
    }
    for (let slot = 0; slot < active; slot += 1) {
      const label = this.activeLabels[slot] ?? 0;
      bias[label] = (bias[label] ?? 0) - rate * biasRate * (this.gradients[slot] ?? 0);
    }
  }

  /** The gradient of the cross-entropy by the logits is probability - truth. */
  private gatherGradients(truth: number): number {
    let active = 0;
    for (let label = 0; label < this.probabilities.length; label += 1) {
      const gradient = (this.probabilities[label] ?? 0) - (label === truth ? 1 : 0);
      if (Math.abs(gradient) < smallestGradient) continue;
      this.activeLabels[active] = label;
      this.gradients[active] = gradient;
      active += 1;
    }
    return active;
  }
}

/**
 * The temperature that makes the probabilities fit unseen texts best, by negative log-likelihood
 * (Guo and others 2017, "On Calibration of Modern Neural Networks"): golden-section search.
 */
export function fitTemperature(
  model: LinearModel,
  examples: readonly { features: SparseFeatures; truth: number }[],
): number {
  const logits = examples.map(({ features }) => {
    const row = new Float64Array(model.labels);
    computeLogits(model, features, row);
    return row;
  });
  const loss = (temperature: number): number => {
    let sum = 0;
    for (const [position, row] of logits.entries()) {
      const probabilities = row.slice();
      softmax(probabilities, temperature);
      sum -= Math.log((probabilities[examples[position]?.truth ?? 0] ?? 0) + 1e-12);
    }
    return sum;
  };
  const golden = (Math.sqrt(5) - 1) / 2;
  let low = 0.2;
  let high = 5;
  while (high - low > 0.01) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return (low + high) / 2;
}
