// A small model for tests that need one to run; test/support/test-models.ts has more kinds.
import { graph, model, node, tensor, value } from "../../../src/inference/onnx/build.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";

export interface ClassifierShape {
  /** Width of the input `features`. */
  width: number;
  /** Width of the output `probabilities`. */
  classes: number;
  /** Row-major [width, classes]. */
  weights: Float32Array;
  /** The batch dimension: a name, or a fixed number of rows. */
  rows?: string | number;
  /** How often the features are multiplied by an identity matrix first, to keep a run busy. */
  detours?: number;
}

/** A model `probabilities = softmax(features · weights)`, opset 13. */
export function classifierModel(shape: ClassifierShape): Buffer {
  const { width, classes, weights, rows = "N", detours = 0 } = shape;
  const identity = new Float32Array(width * width);
  for (let index = 0; index < width; index++) identity[index * width + index] = 1;
  const steps = Array.from({ length: detours }, (_, step) => {
    const input = step === 0 ? "features" : `detour${step - 1}`;
    return node("MatMul", [input, "identity"], [`detour${step}`]);
  });
  const last = detours === 0 ? "features" : `detour${detours - 1}`;
  const classifier = graph({
    name: "classifier",
    node: [
      ...steps,
      node("MatMul", [last, "weights"], ["scores"]),
      node("Softmax", ["scores"], ["probabilities"]),
    ],
    initializer: [
      tensor("weights", "float32", [width, classes], weights),
      ...(detours === 0 ? [] : [tensor("identity", "float32", [width, width], identity)]),
    ],
    input: [value("features", "float32", [rows, width])],
    output: [value("probabilities", "float32", [rows, classes])],
  });
  return encodeModel(model({ graph: classifier, operatorSets: { "": 13 } }));
}

/** Weights that make feature `i` vote for class `i % classes`. */
export function votingWeights(width: number, classes: number): Float32Array {
  const weights = new Float32Array(width * classes);
  for (let row = 0; row < width; row++) weights[row * classes + (row % classes)] = 8;
  return weights;
}
