// Writes small ONNX models for tests: the few protobuf messages of onnx.proto3 they need.

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

function bytesField(id: number, content: string | Uint8Array): Buffer {
  const data = typeof content === "string" ? Buffer.from(content) : content;
  return Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(data.length)]), data]);
}

function integerField(id: number, value: number): Buffer {
  return Buffer.from([...varint(id * 8), ...varint(value)]);
}

function tensor(name: string, dims: number[], values: Float32Array): Buffer {
  const raw = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const sizes = dims.map((size) => integerField(1, size));
  return Buffer.concat([...sizes, integerField(2, 1), bytesField(8, name), bytesField(9, raw)]);
}

function floatMatrix(name: string, dims: (string | number)[]): Buffer {
  const sizes = dims.map((size) =>
    bytesField(1, typeof size === "string" ? bytesField(2, size) : integerField(1, size)),
  );
  const type = Buffer.concat([integerField(1, 1), bytesField(2, Buffer.concat(sizes))]);
  return Buffer.concat([bytesField(1, name), bytesField(2, bytesField(1, type))]);
}

function node(operator: string, inputs: string[], output: string): Buffer {
  const names = inputs.map((name) => bytesField(1, name));
  return Buffer.concat([...names, bytesField(2, output), bytesField(4, operator)]);
}

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
  const nodes: Buffer[] = [];
  for (let step = 0; step < detours; step++) {
    const input = step === 0 ? "features" : `detour${step - 1}`;
    nodes.push(node("MatMul", [input, "identity"], `detour${step}`));
  }
  const last = detours === 0 ? "features" : `detour${detours - 1}`;
  nodes.push(node("MatMul", [last, "weights"], "scores"));
  nodes.push(node("Softmax", ["scores"], "probabilities"));
  const graph = Buffer.concat([
    ...nodes.map((one) => bytesField(1, one)),
    bytesField(2, "classifier"),
    bytesField(5, tensor("weights", [width, classes], weights)),
    ...(detours === 0 ? [] : [bytesField(5, tensor("identity", [width, width], identity))]),
    bytesField(11, floatMatrix("features", [rows, width])),
    bytesField(12, floatMatrix("probabilities", [rows, classes])),
  ]);
  return Buffer.concat([
    integerField(1, 8),
    bytesField(7, graph),
    bytesField(8, integerField(2, 13)),
  ]);
}

/** Weights that make feature `i` vote for class `i % classes`. */
export function votingWeights(width: number, classes: number): Float32Array {
  const weights = new Float32Array(width * classes);
  for (let row = 0; row < width; row++) weights[row * classes + (row % classes)] = 8;
  return weights;
}
