// The few messages of onnx/onnx.proto3 that a table of vectors needs, in protobuf's wire format.

const elements = { float32: 1, int8: 3, int64: 7 }; // TensorProto.DataType
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

/** A number, zero or more, as a field. */
export function integer(field: number, value: number): Buffer {
  return Buffer.concat([varint(field * 8), varint(value)]);
}

/** A message or bytes as a field. */
export function block(field: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([varint(field * 8 + 2), varint(body.length), body]);
}

export function text(field: number, value: string): Buffer {
  return block(field, Buffer.from(value, "utf8"));
}

export function attribute(name: string, value: number): Buffer {
  return block(5, text(1, name), integer(3, value), integer(20, attributeInt));
}

export function node(operator: string, inputs: string[], output: string, more?: Buffer): Buffer {
  const names = inputs.map((name) => text(1, name));
  return block(
    1,
    ...names,
    text(2, output),
    text(3, output),
    text(4, operator),
    ...(more ? [more] : []),
  );
}

export function tensor(
  name: string,
  shape: readonly number[],
  values: Float32Array | Int8Array | BigInt64Array,
): Buffer {
  const type =
    values instanceof Float32Array ? "float32" : values instanceof Int8Array ? "int8" : "int64";
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const sizes = shape.map((size) => integer(1, size));
  return block(5, ...sizes, integer(2, elements[type]), text(8, name), block(9, bytes));
}

/** An input (field 11) or output (field 12) of a graph; a size that is a word is free. */
export function graphInput(
  field: 11 | 12,
  name: string,
  type: keyof typeof elements,
  shape: readonly (number | string)[],
): Buffer {
  const sizes = shape.map((size) =>
    block(1, typeof size === "string" ? text(2, size) : integer(1, size)),
  );
  const tensorType = block(1, integer(1, elements[type]), block(2, ...sizes));
  return block(field, text(1, name), block(2, tensorType));
}
