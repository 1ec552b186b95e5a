import { elementTypes } from "../onnx/element-types.ts";
import type { Activation } from "./activations.ts";
import type { GraphDraft } from "./graph-draft.ts";

/** A weight as whole numbers, by the names of its parts. */
export interface StoredMatrix {
  /** int8 [rows, columns]. */
  values: string;
  /** float32: one for each column, or each row of a table. */
  scales: string;
}

/** In these steps and this order, which ONNX Runtime knows to put together. */
export function multiplyWhole(
  draft: GraphDraft,
  { values, scale, zero }: Activation,
  weights: StoredMatrix,
  output: string,
): void {
  const whole = draft.add("MatMulInteger", [values, weights.values, zero], `${output}_int32`);
  const to = elementTypes.float32.number;
  const floats = draft.add("Cast", [whole], `${output}_float`, { to });
  const scales = draft.add("Mul", [scale, weights.scales], `${output}_scale`);
  draft.addTo("Mul", [floats, scales], [output]);
}

/**
 * With a scale for each row ONNX Runtime puts nothing together, so its own operator is used, with
 * the scales of the columns; those of the rows come after.
 * https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
 */
export function multiplyEachRow(
  draft: GraphDraft,
  { values, scale, zero }: Activation,
  weights: StoredMatrix,
  output: string,
): void {
  const one = draft.constant("quantize_one", "float32", [], Float32Array.of(1));
  const parts = [values, weights.values, one, weights.scales, zero];
  const columns = draft.addOfRuntime("MatMulIntegerToFloat", parts, `${output}_columns`);
  draft.addTo("Mul", [columns, scale], [output]);
}
