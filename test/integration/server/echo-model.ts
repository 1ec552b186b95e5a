// Writes ONNX models that answer with what they are given, for tests of what goes over the wire.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** TensorProto.DataType of onnx.proto3, by the name of the Open Inference Protocol. */
export const elementTypes = {
  FP32: 1,
  UINT8: 2,
  INT8: 3,
  UINT16: 4,
  INT16: 5,
  INT32: 6,
  INT64: 7,
  BYTES: 8,
  BOOL: 9,
  FP16: 10,
  FP64: 11,
  UINT32: 12,
  UINT64: 13,
} as const;

export interface EchoValue {
  name: string;
  datatype: keyof typeof elementTypes;
  /** A name stands for a free dimension. */
  dims: readonly (string | number)[];
}

/** Writes `<models>/<name>/<version>/model.onnx`: an output `<input>_out` for each input. */
export async function writeEchoModel(
  models: string,
  name: string,
  values: readonly EchoValue[],
  version = "1",
): Promise<void> {
  const folder = join(models, name, version);
  await mkdir(folder, { recursive: true });
  const graph = Buffer.concat([
    ...values.map((value) => bytes(1, identity(value.name))),
    bytes(2, "echo"),
    ...values.map((value) => bytes(11, valueInfo(value.name, value))),
    ...values.map((value) => bytes(12, valueInfo(`${value.name}_out`, value))),
  ]);
  const model = Buffer.concat([integer(1, 8), bytes(7, graph), bytes(8, integer(2, 13))]);
  await writeFile(join(folder, "model.onnx"), model);
}

function identity(name: string): Buffer {
  return Buffer.concat([bytes(1, name), bytes(2, `${name}_out`), bytes(4, "Identity")]);
}

function valueInfo(name: string, { datatype, dims }: EchoValue): Buffer {
  const sizes = dims.map((size) =>
    bytes(1, typeof size === "string" ? bytes(2, size) : integer(1, size)),
  );
  const shape = bytes(2, Buffer.concat(sizes));
  const tensor = Buffer.concat([integer(1, elementTypes[datatype]), shape]);
  return Buffer.concat([bytes(1, name), bytes(2, bytes(1, tensor))]);
}

function bytes(id: number, content: string | Uint8Array): Buffer {
  const data = Buffer.from(content as Uint8Array);
  return Buffer.concat([Buffer.from([...varint(id * 8 + 2), ...varint(data.length)]), data]);
}

function integer(id: number, value: number): Buffer {
  return Buffer.from([...varint(id * 8), ...varint(value)]);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
}
