import type { ValueShape } from "../../inference/worker-protocol.ts";
import type { Priority } from "../job-options.ts";
import { type Datatype, datatypeNamed, datatypeNames, datatypeOf } from "./datatypes.ts";
import { invalidInput, quote } from "./invalid-input.ts";
import { readParameters } from "./parameters.ts";
import { parseJson } from "./parse-json.ts";

/** What a model takes and gives. */
export interface ModelShape {
  inputs: readonly ValueShape[];
  outputs: readonly ValueShape[];
}

/** What the JSON of a request says, held against what the model takes. */
export interface InferHead {
  id: string | undefined;
  inputs: HeadInput[];
  /** In the order in which they are answered. */
  outputs: { name: string; binary: boolean }[];
  priority: Priority | undefined;
  /** Milliseconds. */
  timeout: number | undefined;
  /** What stood last above binary outputs that were asked for by it. */
  answer: AnswerHead | null;
}

/** The JSON in front of outputs that are sent as bytes. */
export interface AnswerHead {
  /** Shapes and bytes of the outputs that it was written for. */
  shapes: string;
  text: string;
  /** Of the text. */
  bytes: number;
}

interface HeadInput {
  name: string;
  datatype: Datatype;
  dims: number[];
  /** Elements. */
  count: number;
  /** How many of the bytes behind the JSON are its own; undefined: `data` has its elements. */
  binarySize: number | undefined;
  data: unknown;
}

const mostDimensions = 32;

/** @throws RequestError 400 with the place of what is wrong */
export function readInferHead(text: string, model: ModelShape): InferHead {
  const document = parseJson(text);
  const { id, inputs: given, outputs } = document;
  if (id !== undefined && typeof id !== "string") throw invalidInput("/id", "An id is a string.");
  if (!Array.isArray(given)) throw invalidInput("/inputs", "The inputs are missing.");
  const { binaryOutput = false, priority, timeout } = readParameters(document, "");
  const inputs: HeadInput[] = [];
  for (const [index, input] of (given as unknown[]).entries()) {
    inputs.push(readInput(input, `/inputs/${index}`, model, inputs));
  }
  const asked = readOutputs(outputs, model, binaryOutput);
  return { id, inputs, outputs: asked, priority, timeout, answer: null };
}

function readInput(
  given: unknown,
  pointer: string,
  model: ModelShape,
  before: readonly HeadInput[],
): HeadInput {
  const { name, datatype: word, shape, data, ...more } = asObject(given, pointer);
  const expected = model.inputs.find((one) => one.name === name);
  if (expected === undefined) {
    const known = model.inputs.map((one) => quote(one.name)).join(", ");
    throw invalidInput(`${pointer}/name`, `There is no input ${quote(name)}, but ${known}.`);
  }
  if (before.some((one) => one.name === name)) {
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
  return { name: expected.name, datatype, dims, count, binarySize, data };
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

function readOutputs(given: unknown, model: ModelShape, binary: boolean): InferHead["outputs"] {
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
