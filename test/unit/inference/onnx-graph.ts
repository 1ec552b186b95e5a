// Graphs of any operators in few words, for tests.
import { graph, model, node, tensor, value } from "../../../src/inference/onnx/build.ts";
import type { ElementTypeName } from "../../../src/inference/onnx/element-types.ts";
import type { NumericData } from "../../../src/inference/tensor.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";

export interface GraphValue {
  name: string;
  type: string;
  /** A name is a free dimension; an empty one is free and has no name. */
  dims: readonly (number | string)[];
}

export interface GraphNode {
  operator: string;
  inputs: string[];
  outputs: string[];
  /** Whole numbers, or lists of them. */
  attributes?: Record<string, number | number[]>;
}

export interface Constant {
  name: string;
  type: string;
  dims: number[];
  values: NumericData;
}

export interface Graph {
  inputs: GraphValue[];
  outputs: GraphValue[];
  nodes: GraphNode[];
  constants?: Constant[];
}

/** The bytes of a model file, opset 17. */
export function graphModel({ inputs, outputs, nodes, constants = [] }: Graph): Buffer {
  const valueOf = ({ name, type, dims }: GraphValue) => value(name, type as ElementTypeName, dims);
  const whole = graph({
    name: "graph",
    node: nodes.map((one) => node(one.operator, one.inputs, one.outputs, one)),
    initializer: constants.map(({ name, type, dims, values }) =>
      tensor(name, type as ElementTypeName, dims, values),
    ),
    input: inputs.map(valueOf),
    output: outputs.map(valueOf),
  });
  return encodeModel(model({ graph: whole, operatorSets: { "": 17 } }));
}

/** A model whose outputs are its inputs, named `<input>_out`. */
export function identityModel(inputs: GraphValue[]): Buffer {
  return graphModel({
    inputs,
    outputs: inputs.map((input) => ({ ...input, name: `${input.name}_out` })),
    nodes: inputs.map(({ name }) => ({
      operator: "Identity",
      inputs: [name],
      outputs: [`${name}_out`],
    })),
  });
}
