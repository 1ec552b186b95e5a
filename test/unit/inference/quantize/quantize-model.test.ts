import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { graph, model, node, tensor, value } from "../../../../src/inference/onnx/build.ts";
import type { GraphProto, ModelProto, NodeProto } from "../../../../src/inference/onnx/messages.ts";
import { StudioError } from "../../../../src/errors.ts";
import { decodeModel, encodeModel } from "../../../../src/inference/onnx/model-file.ts";
import { cosineOf } from "../../../../src/inference/quantize/compare-outputs.ts";
import {
  type QuantizeOptions,
  type QuantizedModel,
  quantizeModel,
} from "../../../../src/inference/quantize/quantize-model.ts";
import { encoder, perceptron } from "../../../support/network-models.ts";
import { randomFrom } from "../../../support/random.ts";
import { type RuntimeTensor, runDirectly } from "../../../support/runtime.ts";

const random = randomFrom(3);
const width = 48;

function numbers(count: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => random.below(2001) / 1000 - 1);
}

/** A weight [48, 48], of more elements than are left for being few. */
const square = (name: string) => tensor(name, "float32", [width, width], numbers(width * width));

const x: RuntimeTensor = { type: "float32", dims: [5, width], data: numbers(5 * width) };

/** A model of `x` float32 [N, 48] and `y`, whose shape follows. */
function of(node: NodeProto[], rest: Partial<GraphProto>, irVersion = 8): ModelProto {
  const parts = { input: [value("x", "float32", ["N", width])], output: [value("y", "float32")] };
  const operatorSets = { "": 17 };
  return model({
    graph: graph({ name: "test", node, ...parts, ...rest }),
    operatorSets,
    irVersion,
  });
}

async function quantize(
  original: ModelProto,
  options: Partial<QuantizeOptions> = {},
): Promise<QuantizedModel> {
  return await quantizeModel(original, {
    limit: 127,
    embeddings: false,
    eachRow: false,
    load: async (tensor) => tensor,
    ...options,
  });
}

/** Quantizes, and fails unless ONNX Runtime finds the outputs of both alike. */
async function quantizeAlike(
  original: ModelProto,
  options: Partial<QuantizeOptions> = {},
  feeds: Record<string, RuntimeTensor> = { x },
): Promise<QuantizedModel> {
  const result = await quantize(original, options);
  const before = await runDirectly(encodeModel(original), feeds);
  const after = await runDirectly(encodeModel(result.model), feeds);
  expect(Object.keys(after)).toEqual(Object.keys(before));
  for (const [name, output] of Object.entries(before)) {
    expect(after[name]?.dims).toEqual(output.dims);
    const cosine = cosineOf(output.data as Float32Array, after[name]?.data as Float32Array);
    expect(cosine, name).toBeGreaterThan(0.999);
  }
  return result;
}

async function attempt(action: () => Promise<unknown>): Promise<unknown> {
  try {
    await action();
    return null;
  } catch (error) {
    return error;
  }
}

const operators = ({ model }: QuantizedModel) => model.graph?.node.map(({ opType }) => opType);
const stored = ({ model }: QuantizedModel) => model.graph?.initializer.map(({ name }) => name);

describe("a quantized network gives nearly what it gave", () => {
  test("a perceptron, in a quarter of its size", async () => {
    const original = perceptron([width, 256, 64]);
    const result = await quantizeAlike(original);
    expect(result.quantized.map(({ node }) => node)).toEqual(["layer1.matmul", "layer2.matmul"]);
    expect(result.left).toEqual([]);
    const sizes = [original, result.model].map((one) => encodeModel(one).length);
    expect((sizes[1] ?? 0) / (sizes[0] ?? 1)).toBeLessThan(0.35);
  });

  test.each([
    ["with whole weights", 127, false, false],
    ["with weights of seven bits", 64, false, false],
    ["with its embeddings", 127, true, false],
    ["row by row", 127, false, true],
  ])("an encoder of two layers, %s", async (_, limit, embeddings, eachRow) => {
    const original = encoder({ layers: 2, width: 64, heads: 4, vocabulary: 100 });
    const ids = BigInt64Array.from({ length: 3 * 16 }, () => BigInt(random.below(100)));
    const mask = BigInt64Array.from({ length: 3 * 16 }, (_, index) => (index % 16 < 12 ? 1n : 0n));
    const result = await quantizeAlike(
      original,
      { limit, embeddings, eachRow },
      {
        input_ids: { type: "int64", dims: [3, 16], data: ids },
        attention_mask: { type: "int64", dims: [3, 16], data: mask },
      },
    );
    expect(result.quantized.filter(({ operator }) => operator === "MatMul")).toHaveLength(12);
    const computed = result.left.filter(({ reason }) => reason === "its weight is computed");
    expect(computed).toHaveLength(4);
    expect(result.left).toHaveLength(embeddings ? 4 : 5);
    expect(stored(result)?.includes("embeddings")).toBe(!embeddings);
  });

  test.each([
    ["some", 3],
    ["no", 0],
  ])(
    "row by row where rows are wide, of %s rows, one of them small and below zero",
    async (_, rows) => {
      const columns = 1024;
      const w = tensor("w", "float32", [columns, 8], numbers(columns * 8));
      const original = of([node("MatMul", ["x", "w"], ["y"])], {
        input: [value("x", "float32", ["N", columns])],
        initializer: [w],
      });
      const data = numbers(rows * columns).map((number, at) =>
        at < columns ? -1e-6 * Math.abs(number) : number,
      );
      const feeds = { x: { type: "float32", dims: [rows, columns], data } } as const;
      await quantizeAlike(original, { eachRow: true }, feeds);
      const first = {
        x: { ...feeds.x, dims: [Math.min(rows, 1), columns], data: data.slice(0, columns) },
      };
      await quantizeAlike(original, { eachRow: true }, first);
    },
  );

  test.each([
    ["transposed, with a bias", 1, ["x", "w", "b"]],
    ["as it is, with a bias", 0, ["x", "w", "b"]],
    ["transposed, without a bias", 1, ["x", "w"]],
    ["as it is, with an empty bias and a factor for it", 0, ["x", "w", ""]],
  ])("a Gemm whose weight is %s", async (_, transB, input) => {
    const beta = { float: input[2] === "" ? 3 : 1 };
    const gemm = node("Gemm", input, ["y"], { attributes: { transB, beta } });
    const weight = tensor(
      "w",
      "float32",
      transB === 1 ? [32, width] : [width, 32],
      numbers(32 * width),
    );
    const bias = tensor("b", "float32", [32], numbers(32));
    const result = await quantizeAlike(of([gemm], { initializer: [weight, bias] }));
    expect(result.quantized).toHaveLength(1);
    expect(operators(result)).not.toContain("Gemm");
  });

  test("weights that are constants, turned, cast from halves or passed on", async () => {
    const half = tensor("h", "float16", [width, width], new Float16Array(numbers(width * width)));
    const attributes = { to: 1 };
    const nodes = [
      node("Constant", [], ["c"], { attributes: { value: { tensor: square("") } } }),
      node("MatMul", ["x", "c"], ["x1"]),
      node("Cast", ["h"], ["h1"], { attributes }),
      node("Transpose", ["h1"], ["h2"]),
      node("MatMul", ["x1", "h2"], ["x2"]),
      node("Identity", ["w"], ["w1"]),
      node("Transpose", ["w1"], ["w2"], { attributes: { perm: [0, 1] } }),
      node("MatMul", ["x2", "w2"], ["y"]),
    ];
    const result = await quantizeAlike(of(nodes, { initializer: [half, square("w")] }));
    expect(result.quantized.map(({ weight }) => weight)).toEqual(["c", "h", "w"]);
    expect(operators(result)).not.toContain("Transpose");
    expect(stored(result)?.every((name) => name !== "h" && name !== "w")).toBe(true);
  });
});

describe("rows of a batch", () => {
  /** The first row of a batch whose second is far louder, and the same row alone. */
  async function aloneAndTogether(eachRow: boolean, version = 17): Promise<Float32Array[]> {
    const { graph: network } = perceptron([width, 64, 32]);
    const original = model({ graph: network as GraphProto, operatorSets: { "": version } });
    const file = encodeModel((await quantize(original, { eachRow })).model);
    const row = numbers(width);
    const both = Float32Array.from([...row, ...row.map((value) => value * 50)]);
    const run = async (data: Float32Array, rows: number) => {
      const { y } = await runDirectly(file, { x: { type: "float32", dims: [rows, width], data } });
      return new Float32Array(y?.data as Float32Array).subarray(0, 32);
    };
    return [await run(row, 1), await run(both, 2)];
  }

  test.each([11, 17, 18, 21])(
    "with scales of their own are bit for bit what they are alone, operators %i",
    async (version) => {
      const [alone, together] = await aloneAndTogether(true, version);
      expect(together).toEqual(alone);
    },
  );

  test("with one scale change each other", async () => {
    const [alone, together] = await aloneAndTogether(false);
    expect(together).not.toEqual(alone);
  });

  test("can be of zeros, and none at all", async () => {
    for (const [eachRow, version] of [
      [false, 17],
      [true, 11],
      [true, 17],
      [true, 18],
    ] as const) {
      const { graph: network } = perceptron([width, 64, 32]);
      const original = model({ graph: network as GraphProto, operatorSets: { "": version } });
      const file = encodeModel((await quantize(original, { eachRow })).model);
      const none = { type: "float32", dims: [0, width], data: new Float32Array() };
      expect((await runDirectly(file, { x: none }))["y"]?.dims).toEqual([0, 32]);
      const zeros = { type: "float32", dims: [1, width], data: new Float32Array(width) };
      const { y } = await runDirectly(file, { x: zeros });
      const { y: before } = await runDirectly(encodeModel(original), { x: zeros });
      expect(cosineOf(y?.data as Float32Array, before?.data as Float32Array)).toBeGreaterThan(
        0.999,
      );
    }
  });
});

describe("weights with several uses", () => {
  test("a shared weight, and a shared activation, are quantized once", async () => {
    const nodes = [
      node("MatMul", ["x", "w"], ["a"]),
      node("MatMul", ["a", "w"], ["b"]),
      node("MatMul", ["a", "v"], ["c"]),
      node("Add", ["b", "c"], ["y"]),
    ];
    const result = await quantizeAlike(of(nodes, { initializer: [square("w"), square("v")] }));
    expect(stored(result)).toEqual(["w_int8", "w_scale", "v_int8", "v_scale"]);
    const quantizers = operators(result)?.filter((one) => one === "DynamicQuantizeLinear");
    expect(quantizers).toHaveLength(2);
  });

  test("one that something else reads stays beside its quantized copy", async () => {
    const nodes = [
      node("MatMul", ["x", "w"], ["a"]),
      node("Add", ["a", "x"], ["b"]),
      node("MatMul", ["w", "w"], ["c"]),
      node("MatMul", ["b", "c"], ["y"]),
    ];
    const result = await quantizeAlike(of(nodes, { initializer: [square("w")] }));
    expect(stored(result)).toContain("w");
  });

  test("one that a subgraph reads stays, and the subgraph is left alone", async () => {
    const body = (name: string) =>
      graph({
        name,
        node: [node("MatMul", ["a", "w"], [`${name}_out`])],
        output: [value(`${name}_out`, "float32")],
      });
    const nodes = [
      node("MatMul", ["x", "w"], ["a"]),
      node("If", ["yes"], ["y"], {
        name: "choice",
        attributes: { then_branch: { graph: body("t") }, else_branch: { graph: body("e") } },
      }),
    ];
    const yes = tensor("yes", "bool", [], Uint8Array.of(1));
    const result = await quantizeAlike(of(nodes, { initializer: [square("w"), yes] }));
    expect(stored(result)).toContain("w");
    expect(result.left).toEqual([
      { node: "choice", operator: "If", reason: "it holds products in a subgraph" },
    ]);
  });

  test.each([3, 8])("one that is listed among the inputs too, in format %i", async (version) => {
    const listed = [value("x", "float32", ["N", width]), value("w", "float32", [width, width])];
    const nodes = [node("MatMul", ["x", "w"], ["y"])];
    const original = of(nodes, { initializer: [square("w")], input: listed }, version);
    const result = await quantizeAlike(original);
    const inputs = result.model.graph?.input.map(({ name }) => name);
    expect(inputs).toEqual(version === 3 ? ["x", "w_int8", "w_scale"] : ["x"]);
    expect(result.droppedInputs).toEqual(version === 3 ? [] : ["w"]);
  });

  test("names that are taken are not taken again", async () => {
    const nodes = [
      node("Relu", ["x"], ["x_uint8"]),
      node("MatMul", ["x_uint8", "w"], ["w_int8"]),
      node("MatMul", ["x", "w"], ["w_scale"]),
      node("Add", ["w_int8", "w_scale"], ["y"]),
    ];
    const result = await quantizeAlike(of(nodes, { initializer: [square("w")] }));
    expect(stored(result)).toEqual(["w_int8_2", "w_scale_2"]);
  });
});

describe("what cannot be quantized is left, and said why", () => {
  const left = async (nodes: NodeProto[], rest: Partial<GraphProto> = {}) => {
    const initializer = rest.initializer ?? [square("w")];
    return (await quantize(of(nodes, { ...rest, initializer }))).left.map(({ reason }) => reason);
  };
  const product = (initializer: GraphProto["initializer"]) =>
    left([node("MatMul", ["x", "w"], ["y"])], { initializer });

  test.each([
    ["alpha", { alpha: { float: 0.5 } }, "its alpha is 0.5"],
    ["beta", { beta: { float: 2 } }, "its beta is 2"],
    ["transA", { transA: 1 }, "its input is transposed"],
  ])("a Gemm with %s", async (_, attributes, reason) => {
    expect(await left([node("Gemm", ["x", "w", "b"], ["y"], { attributes })])).toEqual([reason]);
  });

  test("weights of other types and shapes, on the left, small, or not finite", async () => {
    const spread = tensor("w", "float32", [2, 24, width], numbers(2 * 24 * width));
    const doubled = tensor("w", "float64", [width, width], new Float64Array(width * width));
    const halves = tensor("w", "float16", [width, width], new Float16Array(width * width));
    const endless = tensor(
      "w",
      "float32",
      [width, width],
      numbers(width * width).fill(Infinity, 7, 8),
    );
    expect(await product([spread])).toEqual(["its weight has 3 dimensions"]);
    expect(await product([doubled])).toEqual(["its weight is not float32"]);
    expect(await product([halves])).toEqual(["its weight is float16"]);
    expect(await product([endless])).toEqual(["its weight holds numbers that are not finite"]);
    expect(await product([tensor("w", "float32", [width, 2], numbers(96))])).toEqual([
      "its weight has only 96 elements",
    ]);
    expect(await left([node("MatMul", ["w", "x"], ["y"])])).toEqual([
      "its weight is the left factor",
    ]);
    expect(await left([node("MatMul", ["x", "x"], ["y"])])).toEqual(["its weight is computed"]);
  });

  test("an operator of another domain is none of ONNX's, and a circle is followed to a limit", async () => {
    const foreign = node("MatMul", ["x", "w"], ["y"], { domain: "com.example" });
    expect(await left([foreign])).toEqual([]);
    const circle = [node("Identity", ["a"], ["a"]), node("MatMul", ["x", "a"], ["y"])];
    expect(await left(circle)).toEqual(["its weight is computed"]);
  });

  test("a model with any bytes changed is quantized or refused, never anything else", async () => {
    const whole = encodeModel(perceptron([width, 32, 8]));
    // The ends of the file and some of the elements between: what they are says nothing of the form.
    const ends = fc.oneof(
      fc.nat({ max: 300 }),
      fc.integer({ min: -300, max: -1 }),
      fc.nat(whole.length - 1),
    );
    const places = ends.map((at) => (at + whole.length) % whole.length);
    const changes = fc.array(fc.tuple(places, fc.nat({ max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(changes, async (list) => {
        const bytes = Buffer.from(whole);
        for (const [at, byte] of list) bytes[at] = byte;
        const failure = await attempt(() => quantize(decodeModel(bytes, "changed")));
        expect(failure === null || failure instanceof StudioError).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("a model of operators before version 11 is refused", async () => {
    const { graph } = perceptron([width, 32]);
    const old = model({ graph: graph as GraphProto, operatorSets: { "": 10 } });
    await expect(quantize(old)).rejects.toMatchObject({ code: "model.quantize.version" });
  });
});
