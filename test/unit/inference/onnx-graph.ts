// Writes ONNX graphs of any operators for tests: the messages of onnx.proto3 that they need.

/** TensorProto.DataType by the name that ONNX Runtime uses. */
const elementTypes: Record<string, number> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
};

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
  /** Whole numbers, lists of them, or (as `Uint8Array`) an attribute in its own encoding. */
  attributes?: Record<string, number | number[]>;
}

export interface Constant {
  name: string;
  type: string;
  dims: number[];
  values: ArrayBufferView;
}

export interface Graph {
  inputs: GraphValue[];
  outputs: GraphValue[];
  nodes: GraphNode[];
  constants?: Constant[];
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 128n) {
    bytes.push(Number(rest % 128n) | 128);
    rest /= 128n;
  }
  return [...bytes, Number(rest)];
}

function bytesField(id: number, content: string | Uint8Array): Buffer {
  const data = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(data.length)]), data]);
}

function integerField(id: number, value: number): Buffer {
  return Buffer.from([...varint(id * 8), ...varint(value)]);
}

function valueInfo({ name, type, dims }: GraphValue): Buffer {
  const sizes = dims.map((size) => {
    if (typeof size === "number") return bytesField(1, integerField(1, size));
    return bytesField(1, size === "" ? Buffer.alloc(0) : bytesField(2, size));
  });
  const tensor = Buffer.concat([
    integerField(1, elementTypes[type] as number),
    bytesField(2, Buffer.concat(sizes)),
  ]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, tensor))]);
}

function attribute(name: string, value: number | number[]): Buffer {
  if (typeof value === "number") {
    return Buffer.concat([bytesField(1, name), integerField(3, value), integerField(20, 2)]);
  }
  const items = value.map((item) => integerField(8, item));
  return Buffer.concat([bytesField(1, name), ...items, integerField(20, 7)]);
}

function node({ operator, inputs, outputs, attributes = {} }: GraphNode): Buffer {
  return Buffer.concat([
    ...inputs.map((name) => bytesField(1, name)),
    ...outputs.map((name) => bytesField(2, name)),
    bytesField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, attribute(name, value))),
  ]);
}

function constant({ name, type, dims, values }: Constant): Buffer {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return Buffer.concat([
    ...dims.map((size) => integerField(1, size)),
    integerField(2, elementTypes[type] as number),
    bytesField(8, name),
    bytesField(9, raw),
  ]);
}

/** The bytes of a model file, opset 17. */
export function graphModel({ inputs, outputs, nodes, constants = [] }: Graph): Buffer {
  const graph = Buffer.concat([
    ...nodes.map((one) => bytesField(1, node(one))),
    bytesField(2, "graph"),
    ...constants.map((one) => bytesField(5, constant(one))),
    ...inputs.map((one) => bytesField(11, valueInfo(one))),
    ...outputs.map((one) => bytesField(12, valueInfo(one))),
  ]);
  return Buffer.concat([
    integerField(1, 8),
    bytesField(7, graph),
    bytesField(8, integerField(2, 17)),
  ]);
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
