import type { Tensor, Tensors } from "../../inference/tensor.ts";
import type { ValueShape } from "../../inference/worker-protocol.ts";
import type { Priority } from "../job-options.ts";
import { readBinary } from "./binary-tensor.ts";
import { type Datatype, datatypeNamed, datatypeNames, datatypeOf } from "./datatypes.ts";
import type { InferBody } from "./infer-body.ts";
import { invalidInput, quote } from "./invalid-input.ts";
import { parseJson } from "./parse-json.ts";
import { readJson } from "./json-tensor.ts";
import { readParameters } from "./parameters.ts";

/** What a model takes and gives. */
export interface ModelShape {
  inputs: readonly ValueShape[];
  outputs: readonly ValueShape[];
}

export interface InferRequest {
  id: string | undefined;
  feeds: Tensors;
  /** In the order in which they are answered. */
  outputs: { name: string; binary: boolean }[];
  priority: Priority | undefined;
  /** Milliseconds. */
  timeout: number | undefined;
}

const mostDimensions = 32;

/**
 * Reads an inference request of the Open Inference Protocol, its tensors in JSON or as binary data
 * behind it, and holds it against what the model takes.
 * @throws RequestError 400 with the place of what is wrong
 */
export function readInferRequest(body: InferBody, model: ModelShape): InferRequest {
  const document = parseJson(body.bytes.toString("utf8", 0, body.header));
  const { id, inputs, outputs } = document;
  if (id !== undefined && typeof id !== "string") throw invalidInput("/id", "An id is a string.");
  if (!Array.isArray(inputs)) throw invalidInput("/inputs", "The inputs are missing.");
  const { binaryOutput = false, priority, timeout } = readParameters(document, "");
  const rest = { bytes: body.bytes.subarray(body.header), used: 0 };
  const feeds: Tensors = {};
  for (const [index, input] of (inputs as unknown[]).entries()) {
    readInput(input, `/inputs/${index}`, { model, feeds, rest });
  }
  if (rest.used < rest.bytes.length) {
    const left = rest.bytes.length - rest.used;
    throw invalidInput("/inputs", `${left} bytes of the body belong to no tensor.`);
  }
  const missing = model.inputs.find(({ name }) => !Object.hasOwn(feeds, name));
  if (missing !== undefined) {
    throw invalidInput("/inputs", `The input ${quote(missing.name)} is missing.`);
  }
  return { id, feeds, outputs: readOutputs(outputs, model, binaryOutput), priority, timeout };
}

interface InputPlace {
  model: ModelShape;
  /** What was read so far; the input is added. */
  feeds: Tensors;
  /** The bytes behind the JSON; the input's own are taken from the front. */
  rest: { bytes: Buffer; used: number };
}

function readInput(given: unknown, pointer: string, { model, feeds, rest }: InputPlace): void {
  const { name, datatype: word, shape, data, ...more } = asObject(given, pointer);
  const expected = model.inputs.find((one) => one.name === name);
  if (expected === undefined) {
    const known = model.inputs.map((one) => quote(one.name)).join(", ");
    throw invalidInput(`${pointer}/name`, `There is no input ${quote(name)}, but ${known}.`);
  }
  if (Object.hasOwn(feeds, expected.name)) {
    throw invalidInput(`${pointer}/name`, `The input ${quote(name)} is given twice.`);
  }
  const datatype = readDatatype(word, expected, pointer);
  const dims = readShape(shape, expected, pointer);
  const count = dims.reduce((product, size) => product * size, 1);
  if (!Number.isSafeInteger(count)) {
    throw invalidInput(`${pointer}/shape`, "The shape has more elements than any memory.");
  }
  const { binarySize } = readParameters(more, pointer);
  if ((binarySize === undefined) === (data === undefined)) {
    throw invalidInput(pointer, "An input has either data or parameters.binary_data_size.");
  }
  let elements: Tensor["data"];
  if (binarySize === undefined) elements = readJson(datatype, data, dims, `${pointer}/data`);
  else {
    const bytes = rest.bytes.subarray(rest.used, rest.used + binarySize);
    const place = `${pointer}/parameters/binary_data_size`;
    if (bytes.length < binarySize) {
      throw invalidInput(place, `Of ${binarySize} bytes, ${bytes.length} were sent.`);
    }
    rest.used += binarySize;
    elements = readBinary(datatype, bytes, count, place);
  }
  feeds[expected.name] = { type: datatype.type, dims, data: elements };
}

function readDatatype(given: unknown, { type, name }: ValueShape, pointer: string): Datatype {
  const datatype = typeof given === "string" ? datatypeNamed(given) : undefined;
  if (datatype === undefined) {
    const detail = `The datatype ${quote(given)} is none of ${datatypeNames.join(", ")}.`;
    throw invalidInput(`${pointer}/datatype`, detail);
  }
  if (datatype.type === type) return datatype;
  const wanted = datatypeOf(type)?.name ?? type;
  const detail = `The input ${quote(name)} is of ${wanted}, not of ${datatype.name}.`;
  throw invalidInput(`${pointer}/datatype`, detail);
}

function readShape(given: unknown, { name, dims }: ValueShape, pointer: string): number[] {
  const shape =
    Array.isArray(given) && given.length <= mostDimensions ? (given as unknown[]) : null;
  if (shape?.every((size) => Number.isSafeInteger(size) && (size as number) >= 0) !== true) {
    throw invalidInput(`${pointer}/shape`, "A shape is a list of whole numbers from 0 up.");
  }
  const sizes = shape as number[];
  const fits =
    sizes.length === dims.length &&
    // A model of fixed rows takes several times as many: whether it does, the model decides.
    dims.every((size, axis) => typeof size !== "number" || axis === 0 || size === sizes[axis]);
  if (fits) return sizes;
  const wanted = dims.map((size) => (typeof size === "number" ? size : -1)).join(", ");
  const detail = `The input ${quote(name)} has the shape [${wanted}], not [${sizes.join(", ")}].`;
  throw invalidInput(`${pointer}/shape`, detail);
}

function readOutputs(given: unknown, model: ModelShape, binary: boolean): InferRequest["outputs"] {
  if (given === undefined) return model.outputs.map(({ name }) => ({ name, binary }));
  if (!Array.isArray(given)) throw invalidInput("/outputs", "The outputs are a list.");
  const names = new Set<string>();
  return (given as unknown[]).map((one, index) => {
    const pointer = `/outputs/${index}`;
    const output = asObject(one, pointer);
    const known = model.outputs.find(({ name }) => name === output["name"]);
    if (known === undefined || names.has(known.name)) {
      const what = known === undefined ? "There is no output" : "It asks twice for the output";
      throw invalidInput(`${pointer}/name`, `${what} ${quote(output["name"])}.`);
    }
    names.add(known.name);
    return { name: known.name, binary: readParameters(output, pointer).binary ?? binary };
  });
}

function asObject(given: unknown, pointer: string): Record<string, unknown> {
  if (typeof given === "object" && given !== null && !Array.isArray(given)) {
    return given as Record<string, unknown>;
  }
  throw invalidInput(pointer, "It is an object with a name.");
}
