import { inputError } from "./inference-error.ts";
import { arrayOf, countElements, type Tensor, type Tensors } from "./tensor.ts";
import type { RowDimension, ValueShape } from "./worker-protocol.ts";

/** The largest dimension of a tensor without elements, which nothing else bounds. */
const largestEmptyDimension = 1_000_000;

/**
 * Refuses what a model's declared inputs do not take, before it waits or joins a batch.
 * @param rows what dimension 0 is; several times a fixed number of rows are taken
 * @throws InferenceError `inference.input`
 */
export function checkFeeds(
  feeds: Tensors,
  inputs: readonly ValueShape[],
  rows: RowDimension,
): void {
  for (const input of inputs) {
    const tensor = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
    if (tensor === undefined) throw inputError(`The input "${input.name}" is missing.`);
    checkType(tensor, input);
    checkShape(tensor, input, rows);
    checkValues(tensor, input.name);
  }
  const names = Object.keys(feeds);
  if (names.length === inputs.length) return;
  const unknown = names.find((name) => !inputs.some((input) => input.name === name));
  const known = inputs.map(({ name }) => `"${name}"`).join(", ");
  throw inputError(`The model has no input "${unknown}".`, `Its inputs are ${known}.`);
}

function checkType({ type, data }: Tensor, input: ValueShape): void {
  if (type !== input.type) {
    throw inputError(`The input "${input.name}" is of type ${input.type}, not ${type}.`);
  }
  const Data = arrayOf(type);
  const fits =
    Data === undefined
      ? Array.isArray(data)
      : data instanceof Data || (type === "float16" && data instanceof Uint16Array);
  if (!fits) throw inputError(`The data of the input "${input.name}" is not of type ${type}.`);
}

function checkShape({ dims, data }: Tensor, input: ValueShape, rows: RowDimension): void {
  const fits =
    dims.length === input.dims.length &&
    dims.every((size, axis) => {
      if (!Number.isSafeInteger(size) || size < 0) return false;
      const declared = input.dims[axis];
      if (typeof declared !== "number" || size === declared) return true;
      return axis === 0 && typeof rows === "number" && size > 0 && size % rows === 0;
    });
  if (!fits) {
    const declared = input.dims.map((size) => (size === "" ? "?" : size)).join(", ");
    throw inputError(
      `The input "${input.name}" of shape [${dims.join(", ")}] does not fit [${declared}].`,
    );
  }
  const count = countElements(dims);
  if (count === 0 && dims.some((size) => size > largestEmptyDimension)) {
    throw inputError(`The empty input "${input.name}" has a dimension of ${Math.max(...dims)}.`);
  }
  if (count === data.length) return;
  throw inputError(
    `The input "${input.name}" of shape [${dims.join(", ")}] has ${data.length} values.`,
  );
}

/** What ONNX Runtime would take, and then compute something else with. */
function checkValues({ type, data }: Tensor, name: string): void {
  if (type === "bool" && (data as Uint8Array).some((value) => value > 1)) {
    throw inputError(`The input "${name}" of type bool has values other than 0 and 1.`);
  }
  if (type !== "string") return;
  for (const text of data as unknown[]) {
    if (typeof text !== "string") throw inputError(`The input "${name}" has values not of text.`);
    // The runtime would end the text there without a word.
    if (text.includes("\0")) throw inputError(`A text of the input "${name}" has a NUL character.`);
  }
}

/**
 * The number of rows of feeds whose dimension 0 is the row.
 * @throws InferenceError `inference.input` when they disagree
 */
export function countRows(feeds: Tensors): number {
  let rows: number | undefined;
  for (const [name, { dims }] of Object.entries(feeds)) {
    if (rows !== undefined && dims[0] !== rows) {
      throw inputError(`The input "${name}" has ${dims[0]} rows where others have ${rows}.`);
    }
    rows = dims[0];
  }
  return rows ?? 0;
}
