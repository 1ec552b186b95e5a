import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { reasonOf, usageError } from "../../errors.ts";

/** The value of one input. */
export interface SampleValue {
  /** As ONNX Runtime names it. */
  type: string;
  dims: readonly number[];
  /** Row-major. */
  values: readonly (number | string)[];
}

export type Sample = Record<string, SampleValue>;

/** Names of element types in the Open Inference Protocol, and what ONNX Runtime calls them. */
const types = new Map([
  ["BOOL", "bool"],
  ["UINT8", "uint8"],
  ["UINT16", "uint16"],
  ["UINT32", "uint32"],
  ["UINT64", "uint64"],
  ["INT8", "int8"],
  ["INT16", "int16"],
  ["INT32", "int32"],
  ["INT64", "int64"],
  ["FP16", "float16"],
  ["FP32", "float32"],
  ["FP64", "float64"],
  ["BYTES", "string"],
]);

/**
 * Reads inputs to compare on: a file with one request of the Open Inference Protocol a line, as
 * `{"inputs": [{"name", "shape", "datatype", "data"}]}`; `data` may be nested as the shape is.
 * @throws StudioError `usage`, with the number of the line
 */
export async function readSamples(file: string): Promise<Sample[]> {
  const parse = await parser();
  const samples: Sample[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({ input: createReadStream(file) })) {
      number += 1;
      if (line.trim() !== "") samples.push(parse(line));
    }
  } catch (error) {
    if (number === 0) throw usageError(`The samples cannot be read: ${reasonOf(error)}.`);
    throw usageError(
      `The samples cannot be used: ${file}, line ${number}: ${reasonOf(error)}.`,
      'A line is {"inputs": [{"name": "x", "shape": [1, 2], "datatype": "FP32", "data": [1, 2]}]}.',
    );
  }
  if (samples.length === 0) throw usageError(`The file of samples ${file} holds none.`);
  return samples;
}

async function parser(): Promise<(line: string) => Sample> {
  const { z } = await import("zod");
  const scalar = z.union([z.number(), z.boolean().transform(Number), z.string()]);
  const input = z.object({
    name: z.string(),
    shape: z.array(z.int().min(0)),
    datatype: z.enum([...types.keys()]),
    data: z.array(z.unknown()).transform((data) => data.flat(Infinity)),
  });
  const request = z.object({ inputs: z.array(input).min(1) });
  return (line) => {
    const checked = request.safeParse(JSON.parse(line));
    if (!checked.success) throw new Error(z.prettifyError(checked.error).replaceAll("\n", " "));
    const entries = checked.data.inputs.map(({ name, shape, datatype, data }) => {
      const values = z.array(scalar).parse(data);
      const count = shape.reduce((product, size) => product * size, 1);
      if (values.length !== count) {
        throw new Error(`"${name}" has ${values.length} values, its shape ${count}`);
      }
      return [name, { type: types.get(datatype) ?? "", dims: shape, values }] as const;
    });
    return Object.fromEntries(entries);
  };
}
