import { graph, model, node, tensor, value } from "../../../onnx/build.ts";
import type { TensorProto } from "../../../onnx/messages.ts";
import { encodeModel } from "../../../onnx/model-file.ts";

/** Weights of a linear softmax model over feature vectors. */
export interface LinearModel {
  dimensions: number;
  labels: number;
  /** Row-major, shape [dimensions, labels]. */
  weights: Float32Array;
  /** Shape [labels]. */
  bias: Float32Array;
}

const float = 1; // TensorProto.DataType.FLOAT

/**
 * The bytes of an ONNX file (operator set 17): input `features` float32 [N, dimensions], output
 * `probabilities` float32 [N, labels]. Weights are stored as float16, half the size, and cast
 * once when the model is loaded.
 */
export function linearSoftmaxOnnx(linear: LinearModel, producerName: string): Buffer {
  const { dimensions, labels, weights, bias } = linear;
  const language = graph({
    name: "language",
    node: [
      named("Cast", ["weights_half"], "weights", { to: float }),
      named("Cast", ["bias_half"], "bias", { to: float }),
      named("MatMul", ["features", "weights"], "products"),
      named("Add", ["products", "bias"], "logits"),
      named("Softmax", ["logits"], "probabilities", { axis: 1 }),
    ],
    initializer: [
      halfTensor("weights_half", [dimensions, labels], weights),
      halfTensor("bias_half", [labels], bias),
    ],
    input: [value("features", "float32", ["N", dimensions])],
    output: [value("probabilities", "float32", ["N", labels])],
  });
  return encodeModel(model({ graph: language, producerName, operatorSets: { "": 17 } }));
}

function named(
  operator: string,
  inputs: string[],
  output: string,
  attributes: Record<string, number> = {},
) {
  return node(operator, inputs, [output], { name: `${operator}_${output}`, attributes });
}

function halfTensor(name: string, shape: number[], values: Float32Array): TensorProto {
  return tensor(name, "float16", shape, new Float16Array(values));
}
