import { elementTypes } from "../onnx/element-types.ts";
import type { GraphDraft } from "./graph-draft.ts";

/** An activation as whole numbers, by the names of its parts: `(values - zero) * scale`. */
export interface Activation {
  /** uint8, of the activation's shape. */
  values: string;
  /** float32: a scalar, or one a row. */
  scale: string;
  /** uint8, a scalar. */
  zero: string;
}

/**
 * One scale and zero for the whole activation, from its least and greatest element. ONNX Runtime
 * makes one step of this and the product. Rows of a batch change each other's last digits.
 * https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
 */
export function quantizeWhole(draft: GraphDraft, input: string): Activation {
  const values = draft.fresh(`${input}_uint8`);
  const scale = draft.fresh(`${input}_scale`);
  const zero = draft.fresh(`${input}_zero`);
  draft.addTo("DynamicQuantizeLinear", [input], [values, scale, zero]);
  return { values, scale, zero };
}

/**
 * A scale for each row, its greatest distance from zero by 127, around 128: what shares a batch with
 * a row does not change it. Takes more steps.
 * @param version of ONNX's operators
 */
export function quantizeEachRow(draft: GraphDraft, input: string, version: bigint): Activation {
  const scalar = (name: string, value: number): string =>
    draft.constant(`quantize_${name}`, "float32", [], Float32Array.of(value));
  const size = draft.add("Abs", [input], `${input}_size`);
  const largest = addLargest(draft, size, `${input}_largest`, version);
  const step = draft.add("Mul", [largest, scalar("step", 1 / 127)], `${input}_step`);
  // A row of zeros is divided by this, and stays one.
  const scale = draft.add("Max", [step, scalar("least", 1e-30)], `${input}_scale`);
  const scaled = draft.add("Div", [input, scale], `${input}_scaled`);
  const shifted = draft.add("Add", [scaled, scalar("middle", 128)], `${input}_shifted`);
  const rounded = draft.add("Round", [shifted], `${input}_rounded`);
  const to = elementTypes.uint8.number;
  const values = draft.add("Cast", [rounded], `${input}_uint8`, { to });
  return { values, scale, zero: draft.constant("quantize_zero", "uint8", [], Uint8Array.of(128)) };
}

/** From version 18 on, ReduceMax takes its axes as an input. */
function addLargest(draft: GraphDraft, size: string, wanted: string, version: bigint): string {
  if (version < 18n) return draft.add("ReduceMax", [size], wanted, { axes: [-1], keepdims: 1 });
  const axes = draft.constant("quantize_axes", "int64", [1], BigInt64Array.of(-1n));
  return draft.add("ReduceMax", [size, axes], wanted, { keepdims: 1 });
}
