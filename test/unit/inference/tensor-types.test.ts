import { setImmediate as turn } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { Tensor, Tensors } from "../../../src/inference/tensor.ts";
import { graphModel, identityModel } from "./onnx-graph.ts";
import { contents, floats, openModel, openSession, type OpenModel } from "./open-model.ts";

const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function open(...given: Parameters<typeof openModel>): Promise<OpenModel> {
  const model = await openModel(...given);
  opened.push(model);
  return model;
}

/** Values at the ends of each type's range, and those that copying by value could change. */
const samples: Record<string, Exclude<Tensor["data"], string[]>> = {
  float32: Float32Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 1e-45, 3.4028235e38),
  float64: Float64Array.of(Math.PI, -0, Number.NaN, Number.NEGATIVE_INFINITY, 5e-324, 1.7e308),
  float16: Float16Array.of(1.5, -0, Number.NaN, Number.POSITIVE_INFINITY, 6e-8, 65504),
  int8: Int8Array.of(-128, -1, 0, 1, 2, 127),
  uint8: Uint8Array.of(0, 1, 2, 127, 128, 255),
  bool: Uint8Array.of(0, 1, 1, 0, 0, 1),
  int16: Int16Array.of(-32768, -1, 0, 1, 2, 32767),
  uint16: Uint16Array.of(0, 1, 2, 32767, 32768, 65535),
  int32: Int32Array.of(-2147483648, -1, 0, 1, 2, 2147483647),
  uint32: Uint32Array.of(0, 1, 2, 2147483647, 2147483648, 4294967295),
  int64: BigInt64Array.of(-(2n ** 63n), -1n, 0n, 1n, 2n, 2n ** 63n - 1n),
  uint64: BigUint64Array.of(0n, 1n, 2n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n),
};

const types = Object.keys(samples);

function sample(type: string, dims: number[]): Tensor {
  const values = samples[type] as Exclude<Tensor["data"], string[]>;
  const count = dims.reduce((product, size) => product * size, 1);
  return { type, dims, data: values.slice(0, count) };
}

describe("tensors on their way to a worker and back", () => {
  it("keep every bit of every numeric type, scalars and empty ones too", async () => {
    const shapes = { matrix: [2, 3], list: [5], scalar: [], none: [0], wide: [2, 0, 3] };
    for (const dims of Object.values(shapes)) {
      const free = dims.map((_, axis) => `axis${axis}`);
      const { model, file } = await open(
        identityModel(types.map((type) => ({ name: type, type, dims: free }))),
      );
      const feeds = Object.fromEntries(types.map((type) => [type, sample(type, dims)]));
      const answer = await model.infer(feeds, { timeout: 60_000 });
      const expected = types.map((type) => ({ ...feeds[type], name: `${type}_out` }));
      const named = Object.fromEntries(expected.map((one) => [one.name, one as Tensor]));
      expect(contents(answer)).toEqual(contents(named));
      expect(answer["float16_out"]?.data).toBeInstanceOf(Float16Array);
      const session = await openSession(file);
      const direct = await session.run(feeds);
      await session.release();
      expect(contents(answer)).toEqual(contents(direct));
    }
  });

  it("keep texts, in tensors of any shape and beside numbers", async () => {
    const { model, runs } = await open(
      identityModel([
        { name: "words", type: "string", dims: ["N", "width"] },
        { name: "numbers", type: "int64", dims: ["N"] },
      ]),
    );
    const call = (words: string[], rows: number): Promise<Tensors> =>
      model.infer(
        {
          words: { type: "string", dims: [rows, words.length / rows], data: words },
          numbers: { type: "int64", dims: [rows], data: new BigInt64Array(rows).fill(7n) },
        },
        { timeout: 60_000 },
      );
    const busy = call(["", "first"], 1);
    await turn();
    const answers = await Promise.all([
      call(["größer", "😀", "\n", " "], 2),
      call(["a", "b"], 1),
      busy,
    ]);
    expect(answers.map((answer) => answer["words_out"])).toEqual([
      { type: "string", dims: [2, 2], data: ["größer", "😀", "\n", " "] },
      { type: "string", dims: [1, 2], data: ["a", "b"] },
      { type: "string", dims: [1, 2], data: ["", "first"] },
    ]);
    expect(answers[1]?.["numbers_out"]?.data).toEqual(BigInt64Array.of(7n));
    expect(runs.map(({ rows }) => rows)).toEqual([1, 3]);
    const scalars = await open(identityModel([{ name: "word", type: "string", dims: [] }]));
    const word = { type: "string", dims: [], data: ["alone"] };
    expect(await scalars.model.infer({ word }, { timeout: 60_000 })).toEqual({ word_out: word });
  });

  it("take the bits of float16 numbers as well", async () => {
    const { model } = await open(identityModel([{ name: "half", type: "float16", dims: ["N"] }]));
    const half = { type: "float16", dims: [2], data: Uint16Array.of(0x3e00, 0x7e01) };
    const answer = await model.infer({ half }, { timeout: 60_000 });
    expect(contents(answer)).toEqual(contents({ half_out: half }));
  });

  it("pass through memory that grows, and beyond its limit through memory of their own", async () => {
    const options = { slotBytes: 256 * 1024, batchRows: 1 };
    const { model } = await open(
      identityModel([{ name: "x", type: "float32", dims: ["N", "W"] }]),
      {
        ...options,
      },
    );
    for (const width of [10, 40_000, 200_000, 3, 100_000, 10]) {
      const x = floats([1, width], (index) => index + width);
      const answer = await model.infer({ x }, { timeout: 60_000 });
      expect(contents(answer)).toEqual(contents({ x_out: x }));
    }
  });

  it("belong to the caller: none is a view of what others get", async () => {
    const { model } = await open(identityModel([{ name: "x", type: "float32", dims: ["N", "W"] }]));
    for (const width of [4, 30_000]) {
      const calls = [1, 2, 3].map((rows) => floats([rows, width], (index) => index * rows));
      const answers = await Promise.all(calls.map((x) => model.infer({ x }, { timeout: 60_000 })));
      for (const [index, answer] of answers.entries()) {
        const data = answer["x_out"]?.data as Float32Array;
        expect(data.buffer.byteLength).toBe(data.byteLength);
        expect(data.buffer).toBeInstanceOf(ArrayBuffer);
        expect(data).toEqual(calls[index]?.data);
      }
    }
  });
});

describe("an input that does not fit the model", () => {
  const model = graphModel({
    inputs: [
      { name: "x", type: "float32", dims: ["N", 3] },
      { name: "flag", type: "bool", dims: ["N"] },
      { name: "word", type: "string", dims: ["N"] },
    ],
    outputs: [
      { name: "a", type: "float32", dims: ["N", 3] },
      { name: "b", type: "bool", dims: ["N"] },
      { name: "c", type: "string", dims: ["N"] },
    ],
    nodes: [
      { operator: "Identity", inputs: ["x"], outputs: ["a"] },
      { operator: "Not", inputs: ["flag"], outputs: ["b"] },
      { operator: "Identity", inputs: ["word"], outputs: ["c"] },
    ],
  });
  const x = floats([1, 3], () => 1);
  const flag: Tensor = { type: "bool", dims: [1], data: Uint8Array.of(1) };
  const word: Tensor = { type: "string", dims: [1], data: ["w"] };
  const wrong: Record<string, Record<string, unknown>> = {
    "is missing": { x, flag },
    "is unknown": { x, flag, word, other: x },
    "has another type": { x: { ...x, type: "float64" }, flag, word },
    "has data of another type": { x: { ...x, data: new Int32Array(3) }, flag, word },
    "has fewer dimensions": { x: { ...x, dims: [3] }, flag, word },
    "has another fixed dimension": { x: floats([1, 4], () => 1), flag, word },
    "has fewer values than its shape says": { x: { ...x, dims: [2 ** 31, 3] }, flag, word },
    "has a dimension that is no size": { x: { ...x, dims: [-1, -3] }, flag, word },
    "has a dimension that is no whole number": { x: { ...x, dims: [0.5, 3] }, flag, word },
    "has a truth value of 2": { x, flag: { ...flag, data: Uint8Array.of(2) }, word },
    "has a text with a NUL character": { x, flag, word: { ...word, data: ["a\0b"] } },
    "has a text that is a number": { x, flag, word: { ...word, data: [5] } },
    "has more rows than the others": { x: floats([2, 3], () => 1), flag, word },
  };

  it("is refused before it is computed, and the next one is answered", async () => {
    const { model: loaded, runs } = await open(model);
    for (const [reason, feeds] of Object.entries(wrong)) {
      const call = loaded.infer(feeds as Tensors, { timeout: 60_000 });
      await expect(call, reason).rejects.toMatchObject({ code: "inference.input" });
    }
    expect(runs).toEqual([]);
    const answer = await loaded.infer({ x, flag, word }, { timeout: 60_000 });
    expect(answer["b"]?.data).toEqual(Uint8Array.of(0));
  });

  it("is refused when it is empty and asks for much memory all the same", async () => {
    const { model: loaded } = await open(
      graphModel({
        inputs: [{ name: "x", type: "float32", dims: ["N", "L"] }],
        outputs: [{ name: "y", type: "float32", dims: ["L"] }],
        nodes: [
          {
            operator: "ReduceMax",
            inputs: ["x"],
            outputs: ["y"],
            attributes: { axes: [0], keepdims: 0 },
          },
        ],
      }),
    );
    const empty = (length: number): Tensors => ({
      x: { type: "float32", dims: [0, length], data: new Float32Array(0) },
    });
    await expect(loaded.infer(empty(2 ** 30), { timeout: 60_000 })).rejects.toMatchObject({
      code: "inference.input",
    });
    expect((await loaded.infer(empty(3), { timeout: 60_000 }))["y"]?.dims).toEqual([3]);
  });
});
