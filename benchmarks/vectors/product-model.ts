/** The ONNX model `scores = MatMul(rows, queries)` of any sizes: onnx.proto3, opset 13. */
export function productModel(): Buffer {
  const names = ["rows", "queries", "scores"];
  const node = Buffer.concat([
    field(1, "rows"),
    field(1, "queries"),
    field(2, "scores"),
    field(4, "MatMul"),
  ]);
  const [rows, queries, scores] = names.map(floatMatrix) as [Buffer, Buffer, Buffer];
  const graph = [field(1, node), field(2, "product"), field(11, rows), field(11, queries)];
  const operators = field(8, number(2, 13));
  return Buffer.concat([
    number(1, 8),
    field(7, Buffer.concat([...graph, field(12, scores)])),
    operators,
  ]);
}

/** A value of float32 with two free dimensions. */
function floatMatrix(name: string): Buffer {
  const sizes = ["height", "width"].map((size) => field(1, field(2, `${name}_${size}`)));
  const type = Buffer.concat([number(1, 1), field(2, Buffer.concat(sizes))]);
  return Buffer.concat([field(1, name), field(2, field(1, type))]);
}

function field(id: number, content: string | Buffer): Buffer {
  const data = Buffer.from(content as string);
  return Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(data.length)]), data]);
}

function number(id: number, value: number): Buffer {
  return Buffer.from([...varint(id * 8), ...varint(value)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
