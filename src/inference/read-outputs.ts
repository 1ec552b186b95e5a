import { layOut, viewAt } from "./tensor-layout.ts";
import { arrayOf, countElements, sliceRows, type NumericData, type Tensors } from "./tensor.ts";
import type { FromWorker, ValueShape } from "./worker-protocol.ts";

type Result = Extract<FromWorker, { kind: "result" }>;

/**
 * The outputs of a run for each part of its batch, in memory of its own. Null when an output has
 * no row for each row of several parts.
 * @param rows of each part
 */
export function readOutputs(
  values: readonly ValueShape[],
  result: Result,
  slot: SharedArrayBuffer,
  rows: readonly number[],
): Tensors[] | null {
  const outputs = outputsOf(values, result, slot);
  if (rows.length === 1) return [own(outputs)];
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (result.shapes.some((shape) => shape[0] !== total)) return null;
  let start = 0;
  return rows.map((count) => {
    const part = own(sliceRows(outputs, start, start + count));
    start += count;
    return part;
  });
}

/** Views into the slot, and what came with the message. */
function outputsOf(
  values: readonly ValueShape[],
  { shapes, data }: Result,
  slot: SharedArrayBuffer,
): Tensors {
  const { offsets } = layOut(values, shapes);
  const outputs: Tensors = {};
  for (const [index, { name, type }] of values.entries()) {
    const dims = shapes[index] as number[];
    const sent = data?.[index] ?? null;
    const numbers = sent === null ? viewAt(slot, offsets[index] as number, type, dims) : sent;
    outputs[name] = { type, dims, data: Array.isArray(numbers) ? numbers : typed(numbers, type) };
  }
  return outputs;
}

/** The worker knows float16 as bits only. */
function typed(numbers: NumericData, type: string): NumericData {
  const Data = arrayOf(type);
  if (Data === undefined || numbers instanceof Data) return numbers;
  return new Data(numbers.buffer, numbers.byteOffset, numbers.length);
}

/** No caller gets a view: the memory behind it holds rows of others, and is used again. */
function own(tensors: Tensors): Tensors {
  for (const tensor of Object.values(tensors)) {
    const { data, dims } = tensor;
    if (Array.isArray(data)) continue;
    const whole = data.buffer.byteLength === data.byteLength && countElements(dims) > 0;
    if (!whole || data.buffer instanceof SharedArrayBuffer) tensor.data = data.slice();
  }
  return tensors;
}
