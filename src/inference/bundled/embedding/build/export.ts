import { attribute, block, graphInput, integer, node, tensor, text } from "./onnx.ts";

export interface TokenTable {
  tokens: number;
  width: number;
  /** Row-major, shape [tokens, width]. */
  table: Float32Array;
}

/**
 * The bytes of an ONNX file (operator set 17): inputs `input_ids` and `attention_mask`, int64
 * [batch, sequence]; output `sentence_embedding`, float32 [batch, width]: the mean of the vectors of
 * the tokens whose mask is 1. A vector is stored as int8 with a scale of its own.
 */
export function tokenVectorsOnnx({ tokens, width, table }: TokenTable): Buffer {
  const values = new Int8Array(tokens * width);
  const scales = new Float32Array(tokens);
  for (let token = 0; token < tokens; token += 1) {
    const row = table.subarray(token * width, (token + 1) * width);
    const scale = row.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9) / 127;
    scales[token] = scale;
    for (const [at, value] of row.entries()) values[token * width + at] = Math.round(value / scale);
  }
  const toFloat = attribute("to", 1);
  const graph = block(
    7,
    node("Gather", ["values", "input_ids"], "small", attribute("axis", 0)),
    node("Cast", ["small"], "numbers", toFloat),
    node("Gather", ["scales", "input_ids"], "scale", attribute("axis", 0)),
    node("Cast", ["attention_mask"], "mask", toFloat),
    node("Mul", ["scale", "mask"], "factor"),
    node("Unsqueeze", ["factor", "middle"], "line"),
    node("MatMul", ["line", "numbers"], "total"),
    node("Squeeze", ["total", "middle"], "sum"),
    node("ReduceSum", ["mask", "middle"], "present", attribute("keepdims", 1)),
    node("Max", ["present", "one"], "divisor"),
    node("Div", ["sum", "divisor"], "sentence_embedding"),
    text(2, "embedding"),
    tensor("values", [tokens, width], values),
    tensor("scales", [tokens], scales),
    tensor("middle", [1], new BigInt64Array([1n])),
    tensor("one", [1], new Float32Array([1])),
    graphInput(11, "input_ids", "int64", ["batch", "sequence"]),
    graphInput(11, "attention_mask", "int64", ["batch", "sequence"]),
    graphInput(12, "sentence_embedding", "float32", ["batch", width]),
  );
  const operatorSet = block(8, text(1, ""), integer(2, 17));
  return Buffer.concat([integer(1, 8), text(2, "studio"), graph, operatorSet]);
}
