// A small writer of ONNX files: the few messages of onnx.proto3 that a linear softmax model needs.
// Field numbers are those of onnx/onnx.proto3; the encoding is protobuf's wire format.

const wireVarint = 0;
const wireLengthDelimited = 2;
const elementFloat = 1; // TensorProto.DataType.FLOAT
const elementHalf = 10; // TensorProto.DataType.FLOAT16
const attributeInt = 2; // AttributeProto.AttributeType.INT

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8 + wireVarint), varint(value)]);
}

function block(field: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + wireLengthDelimited), varint(body.length), body]);
}

function text(field: number, value: string): Buffer {
  return block(field, Buffer.from(value, "utf8"));
}

interface Attribute {
  name: string;
  /** Zero or more: a negative number would need ten bytes, and no node here has one. */
  value: number;
}

function node(operator: string, inputs: string[], output: string, attribute?: Attribute): Buffer {
  const parts = [...inputs.map((name) => text(1, name)), text(2, output)];
  parts.push(text(3, `${operator}_${output}`), text(4, operator));
  if (attribute !== undefined) {
    const { name, value } = attribute;
    parts.push(block(5, text(1, name), integer(3, value), integer(20, attributeInt)));
  }
  return block(1, ...parts);
}

function halfTensor(name: string, shape: number[], values: Float32Array): Buffer {
  const half = new Float16Array(values);
  const bytes = Buffer.from(half.buffer, half.byteOffset, half.byteLength);
  const dimensions = shape.map((size) => integer(1, size));
  return block(5, ...dimensions, integer(2, elementHalf), text(8, name), block(9, bytes));
}

/** A float32 matrix of any number of rows (dimension "N") and `columns` columns. */
function matrixInfo(field: number, name: string, columns: number): Buffer {
  const shape = block(2, block(1, text(2, "N")), block(1, integer(1, columns)));
  return block(field, text(1, name), block(2, block(1, integer(1, elementFloat), shape)));
}

/** Weights of a linear softmax model over feature vectors. */
export interface LinearModel {
  dimensions: number;
  labels: number;
  /** Row-major, shape [dimensions, labels]. */
  weights: Float32Array;
  /** Shape [labels]. */
  bias: Float32Array;
}

/**
 * The bytes of an ONNX file (operator set 17): input `features` float32 [N, dimensions], output
 * `probabilities` float32 [N, labels]. Weights are stored as float16, half the size, and cast
 * once when the model is loaded.
 */
export function linearSoftmaxOnnx(model: LinearModel, producer: string): Buffer {
  const { dimensions, labels, weights, bias } = model;
  const toFloat = { name: "to", value: elementFloat };
  const graph = block(
    7,
    node("Cast", ["weights_half"], "weights", toFloat),
    node("Cast", ["bias_half"], "bias", toFloat),
    node("MatMul", ["features", "weights"], "products"),
    node("Add", ["products", "bias"], "logits"),
    node("Softmax", ["logits"], "probabilities", { name: "axis", value: 1 }),
    text(2, "language"),
    halfTensor("weights_half", [dimensions, labels], weights),
    halfTensor("bias_half", [labels], bias),
    matrixInfo(11, "features", dimensions),
    matrixInfo(12, "probabilities", labels),
  );
  const operatorSet = block(8, text(1, ""), integer(2, 17));
  return Buffer.concat([integer(1, 8), text(2, producer), graph, operatorSet]);
}
