import { graph, model, node, tensor, value } from "../../../onnx/build.ts";
import { encodeModel } from "../../../onnx/model-file.ts";

const float = 1; // TensorProto.DataType.FLOAT

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
  const rows = ["batch", "sequence"];
  const embedding = graph({
    name: "embedding",
    node: [
      named("Gather", ["values", "input_ids"], "small", { axis: 0 }),
      named("Cast", ["small"], "numbers", { to: float }),
      named("Gather", ["scales", "input_ids"], "scale", { axis: 0 }),
      named("Cast", ["attention_mask"], "mask", { to: float }),
      named("Mul", ["scale", "mask"], "factor"),
      named("Unsqueeze", ["factor", "middle"], "line"),
      named("MatMul", ["line", "numbers"], "total"),
      named("Squeeze", ["total", "middle"], "sum"),
      named("ReduceSum", ["mask", "middle"], "present", { keepdims: 1 }),
      named("Max", ["present", "one"], "divisor"),
      named("Div", ["sum", "divisor"], "sentence_embedding"),
    ],
    initializer: [
      tensor("values", "int8", [tokens, width], values),
      tensor("scales", "float32", [tokens], scales),
      tensor("middle", "int64", [1], BigInt64Array.of(1n)),
      tensor("one", "float32", [1], Float32Array.of(1)),
    ],
    input: [value("input_ids", "int64", rows), value("attention_mask", "int64", rows)],
    output: [value("sentence_embedding", "float32", ["batch", width])],
  });
  const parts = { graph: embedding, producerName: "studio", operatorSets: { "": 17 } };
  return encodeModel(model(parts));
}

function named(
  operator: string,
  inputs: string[],
  output: string,
  attributes: Record<string, number> = {},
) {
  return node(operator, inputs, [output], { name: output, attributes });
}
