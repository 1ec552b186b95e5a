// Networks with random weights: what they compute means nothing, what it costs is real.
import {
  type NodeInput,
  graph,
  model,
  node,
  tensor,
  value,
} from "../../src/inference/onnx/build.ts";
import type { ModelProto, NodeProto, TensorProto } from "../../src/inference/onnx/messages.ts";
import { randomFrom } from "./random.ts";

/** A layer's weights and what is made of them, while a graph is written. */
class Sketch {
  readonly node: NodeProto[] = [];
  readonly initializer: TensorProto[] = [];
  private readonly random = randomFrom(7);

  add(opType: string, inputs: string[], output: string, input: NodeInput = {}): string {
    this.node.push(node(opType, inputs, [output], { name: output, ...input }));
    return output;
  }

  /** Normally distributed around zero, by the Box-Muller transform. */
  weights(name: string, dims: readonly number[], deviation: number): string {
    const data = new Float32Array(dims.reduce((product, size) => product * size, 1));
    const uniform = (): number => (this.random.below(2 ** 24) + 1) / 2 ** 24;
    for (let index = 0; index < data.length; index += 1) {
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      data[index] = deviation * radius * Math.cos(2 * Math.PI * uniform());
    }
    return this.constant(name, dims, data);
  }

  constant(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): string {
    const type = data instanceof Float32Array ? "float32" : "int64";
    this.initializer.push(tensor(name, type, dims, data));
    return name;
  }

  linear(name: string, input: string, from: number, to: number): string {
    const weights = this.weights(`${name}.weight`, [from, to], 1 / Math.sqrt(from));
    const bias = this.weights(`${name}.bias`, [to], 0.02);
    const product = this.add("MatMul", [input, weights], `${name}.matmul`);
    return this.add("Add", [product, bias], `${name}.output`);
  }

  normalized(name: string, input: string, width: number): string {
    const scale = this.constant(`${name}.scale`, [width], new Float32Array(width).fill(1));
    const bias = this.constant(`${name}.shift`, [width], new Float32Array(width));
    const attributes = { axis: -1, epsilon: { float: 1e-12 } };
    return this.add("LayerNormalization", [input, scale, bias], `${name}.output`, { attributes });
  }
}

/** `y` float32 [N, last] of `x` float32 [N, first]: layers of these widths, a Relu between two. */
export function perceptron(widths: readonly number[]): ModelProto {
  const sketch = new Sketch();
  let last = "x";
  for (const [layer, width] of widths.entries()) {
    const from = widths[layer - 1];
    if (from === undefined) continue;
    last = sketch.linear(`layer${layer}`, last, from, width);
    if (layer < widths.length - 1) last = sketch.add("Relu", [last], `layer${layer}.relu`);
  }
  sketch.add("Identity", [last], "y");
  const { node, initializer } = sketch;
  return model({
    graph: graph({
      name: "perceptron",
      node,
      initializer,
      input: [value("x", "float32", ["N", widths[0] ?? 0])],
      output: [value("y", "float32", ["N", widths.at(-1) ?? 0])],
    }),
    operatorSets: { "": 17 },
  });
}

export interface EncoderShape {
  layers: number;
  /** A multiple of `heads`. */
  width: number;
  heads: number;
  /** Rows of the embedding table. */
  vocabulary: number;
}

/**
 * A transformer encoder in BERT's form: `input_ids` and `attention_mask` int64 [batch, sequence] to
 * `last_hidden_state` float32 [batch, sequence, width]. Without embeddings of positions.
 */
export function encoder({ layers, width, heads, vocabulary }: EncoderShape): ModelProto {
  const sketch = new Sketch();
  sketch.weights("embeddings", [vocabulary, width], 1);
  sketch.add("Gather", ["embeddings", "input_ids"], "embedded");
  addMask(sketch);
  const size = width / heads;
  sketch.constant("heads.shape", [4], BigInt64Array.of(0n, 0n, BigInt(heads), BigInt(size)));
  sketch.constant("rows.shape", [3], BigInt64Array.of(0n, 0n, BigInt(width)));
  sketch.constant("temperature", [], Float32Array.of(1 / Math.sqrt(size)));
  sketch.constant("gelu.root", [], Float32Array.of(Math.SQRT2));
  sketch.constant("gelu.half", [], Float32Array.of(0.5));
  let last = sketch.normalized("embedding.norm", "embedded", width);
  for (let layer = 0; layer < layers; layer += 1) last = addLayer(sketch, layer, last, width);
  sketch.add("Identity", [last], "last_hidden_state");
  const { node, initializer } = sketch;
  const rows = ["batch", "sequence"];
  return model({
    graph: graph({
      name: "encoder",
      node,
      initializer,
      input: [value("input_ids", "int64", rows), value("attention_mask", "int64", rows)],
      output: [value("last_hidden_state", "float32", [...rows, width])],
    }),
    operatorSets: { "": 17 },
  });
}

/** 0 where a token is one, and far below it where it is padding: [batch, 1, 1, sequence]. */
function addMask(sketch: Sketch): void {
  sketch.constant("mask.axes", [2], BigInt64Array.of(1n, 2n));
  sketch.constant("mask.one", [], Float32Array.of(1));
  sketch.constant("mask.low", [], Float32Array.of(-10_000));
  sketch.add("Cast", ["attention_mask"], "mask.float", { attributes: { to: 1 } });
  sketch.add("Unsqueeze", ["mask.float", "mask.axes"], "mask.spread");
  sketch.add("Sub", ["mask.one", "mask.spread"], "mask.padding");
  sketch.add("Mul", ["mask.padding", "mask.low"], "mask");
}

function addLayer(sketch: Sketch, layer: number, input: string, width: number): string {
  const at = (name: string): string => `layer${layer}.${name}`;
  const attended = addAttention(sketch, at, input, width);
  const projected = sketch.linear(at("projection"), attended, width, width);
  const first = sketch.add("Add", [projected, input], at("first"));
  const middle = sketch.normalized(at("first.norm"), first, width);
  const wide = sketch.linear(at("wide"), middle, width, 4 * width);
  sketch.add("Div", [wide, "gelu.root"], at("gelu.scaled"));
  sketch.add("Erf", [at("gelu.scaled")], at("gelu.erf"));
  sketch.add("Add", [at("gelu.erf"), "mask.one"], at("gelu.shifted"));
  sketch.add("Mul", [wide, at("gelu.shifted")], at("gelu.product"));
  sketch.add("Mul", [at("gelu.product"), "gelu.half"], at("gelu"));
  const narrow = sketch.linear(at("narrow"), at("gelu"), 4 * width, width);
  const second = sketch.add("Add", [narrow, middle], at("second"));
  return sketch.normalized(at("second.norm"), second, width);
}

function addAttention(
  sketch: Sketch,
  at: (name: string) => string,
  input: string,
  width: number,
): string {
  const split = (name: string, perm: number[]): string => {
    const linear = sketch.linear(at(name), input, width, width);
    sketch.add("Reshape", [linear, "heads.shape"], at(`${name}.heads`));
    const attributes = { perm };
    return sketch.add("Transpose", [at(`${name}.heads`)], at(`${name}.turned`), { attributes });
  };
  const query = split("query", [0, 2, 1, 3]);
  const key = split("key", [0, 2, 3, 1]);
  const content = split("value", [0, 2, 1, 3]);
  sketch.add("MatMul", [query, key], at("scores"));
  sketch.add("Mul", [at("scores"), "temperature"], at("scores.scaled"));
  sketch.add("Add", [at("scores.scaled"), "mask"], at("scores.masked"));
  sketch.add("Softmax", [at("scores.masked")], at("attention"), { attributes: { axis: -1 } });
  sketch.add("MatMul", [at("attention"), content], at("mixed"));
  const attributes = { perm: [0, 2, 1, 3] };
  sketch.add("Transpose", [at("mixed")], at("mixed.turned"), { attributes });
  return sketch.add("Reshape", [at("mixed.turned"), "rows.shape"], at("mixed.rows"));
}
