// Small models of every kind that a server of models can meet, as the bytes of their files.
import { graph, model, node, value } from "../../src/inference/onnx/build.ts";
import {
  type ElementTypeName,
  type NumericTypeName,
  elementTypes,
} from "../../src/inference/onnx/element-types.ts";
import type { GraphProto } from "../../src/inference/onnx/messages.ts";
import { encodeModel } from "../../src/inference/onnx/model-file.ts";
import type { NumericData } from "../../src/inference/tensor.ts";

/**
 * The types that ONNX Runtime's Node package takes and gives as tensors of an Identity. The others
 * of ONNX (bfloat16, float8, complex, less than a byte) it refuses when it loads such a model.
 */
export const servedTypes = [
  "float32",
  "float64",
  "float16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
  "string",
] as const satisfies readonly ElementTypeName[];

export interface Passage {
  input: string;
  output: string;
  type: ElementTypeName;
  /** Names are free dimensions; [] is a scalar; absent: the rank is not known. */
  dims?: readonly (string | number)[];
}

/** A model that hands each of its inputs through to an output, unchanged. */
export function passageModel(passages: readonly Passage[]): Buffer {
  return file({
    node: passages.map(({ input, output }) => node("Identity", [input], [output])),
    input: passages.map(({ input, type, dims }) => value(input, type, dims)),
    output: passages.map(({ output, type, dims }) => value(output, type, dims)),
  });
}

/** `y` is `x`, of any type and shape. Default shape: rows of two. */
export function identityModel(
  type: ElementTypeName,
  dims: readonly (string | number)[] = ["N", 2],
): Buffer {
  return passageModel([{ input: "x", output: "y", type, dims }]);
}

/**
 * Two inputs, three outputs, of rows: `sum` and `difference` float32 [N, width] of `left` and
 * `right`, and `larger` bool [N, width], true where the left one is the larger.
 */
export function comparisonModel(width: number): Buffer {
  const rows = ["N", width];
  const pair = ["left", "right"];
  return file({
    node: [
      node("Add", pair, ["sum"]),
      node("Sub", pair, ["difference"]),
      node("Greater", pair, ["larger"]),
    ],
    input: pair.map((name) => value(name, "float32", rows)),
    output: [
      value("sum", "float32", rows),
      value("difference", "float32", rows),
      value("larger", "bool", rows),
    ],
  });
}

/**
 * A model whose rows must not be joined with another caller's: `total`, a scalar, is the sum of all
 * of `x` float32 [N, width], and `count`, int64, the number of its elements.
 */
export function totalModel(width: number): Buffer {
  return file({
    node: [
      node("ReduceSum", ["x"], ["total"], { attributes: { keepdims: 0 } }),
      node("Size", ["x"], ["count"]),
    ],
    input: [value("x", "float32", ["N", width])],
    output: [value("total", "float32", []), value("count", "int64", [])],
  });
}

/** A model that gives back what is not zero in `x` float32 [N]: as many rows as it finds. */
export function findingModel(): Buffer {
  return file({
    node: [node("NonZero", ["x"], ["places"])],
    input: [value("x", "float32", ["N"])],
    output: [value("places", "int64", [1, "found"])],
  });
}

/** A model that ONNX Runtime loads and whose runs fail: `x` float32 [N] is no shape of `y`. */
export function failingModel(): Buffer {
  return file({
    node: [
      node("Cast", ["x"], ["shape"], { attributes: { to: elementTypes.int64.number } }),
      node("Reshape", ["x", "shape"], ["y"]),
    ],
    input: [value("x", "float32", ["N"])],
    output: [value("y", "float32")],
  });
}

/** As many elements of a type as are asked for, no two neighbours alike where there are two. */
export function sampleElements(type: ElementTypeName, count: number): NumericData | string[] {
  if (type === "string") return Array.from({ length: count }, (_, index) => `Zahl ${index} ✓`);
  return sampleNumbers(type, count);
}

function sampleNumbers(type: NumericTypeName, count: number): NumericData {
  const { array, bits } = elementTypes[type];
  const data = new array(new ArrayBuffer(Math.ceil((count * bits) / 8)));
  for (let index = 0; index < data.length; index += 1) {
    if (type === "bool") data[index] = index % 2;
    else if (data instanceof BigInt64Array) data[index] = BigInt(index) - 2n ** 62n;
    else if (data instanceof BigUint64Array) data[index] = 2n ** 64n - 1n - BigInt(index);
    else data[index] = type.startsWith("float") ? index / 4 - 3 : (index * 37 + 5) % 120;
  }
  return data;
}

function file(parts: Partial<GraphProto>): Buffer {
  return encodeModel(
    model({ graph: graph({ name: "test", ...parts }), operatorSets: { "": 17 }, irVersion: 8 }),
  );
}
