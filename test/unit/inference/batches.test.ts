import { afterEach, describe, expect, it } from "vitest";
import { InferenceError } from "../../../src/inference/inference-error.ts";
import type { JobOptions } from "../../../src/inference/batch-queue.ts";
import type { Tensor, Tensors } from "../../../src/inference/tensor.ts";
import { everyStep, rounds } from "../../support/every.ts";
import { classifierModel } from "./onnx-file.ts";
import { graphModel, identityModel } from "./onnx-graph.ts";
import { contents, floats, openModel, openSession, type OpenModel } from "./open-model.ts";

const opened: OpenModel[] = [];

afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function open(...given: Parameters<typeof openModel>): Promise<OpenModel> {
  const model = await openModel(...given);
  opened.push(model);
  return model;
}

const patient: JobOptions = { timeout: 600_000 };

/** Numbers that repeat in every run (mulberry32). */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Every row carries the number of its request, and comes out with its values doubled. */
const doubling = graphModel({
  inputs: [
    { name: "x", type: "float32", dims: ["N", "L"] },
    { name: "id", type: "int64", dims: ["N"] },
    { name: "word", type: "string", dims: ["N"] },
  ],
  outputs: [
    { name: "doubled", type: "float32", dims: ["N", "L"] },
    { name: "id_out", type: "int64", dims: ["N"] },
    { name: "word_out", type: "string", dims: ["N"] },
  ],
  nodes: [
    { operator: "Add", inputs: ["x", "x"], outputs: ["doubled"] },
    { operator: "Identity", inputs: ["id"], outputs: ["id_out"] },
    { operator: "Identity", inputs: ["word"], outputs: ["word_out"] },
  ],
});

function numbered(id: number, rows: number, length: number): Tensors {
  const words = Array.from({ length: rows }, (_, row) => `${id}/${row}`);
  return {
    x: floats([rows, length], (index) => id * 64 + index),
    id: { type: "int64", dims: [rows], data: new BigInt64Array(rows).fill(BigInt(id)) },
    word: { type: "string", dims: [rows], data: words },
  };
}

function isAnswerTo(answer: Tensors, feeds: Tensors): boolean {
  const [x, id, word] = ["x", "id", "word"].map((name) => feeds[name] as Tensor);
  const [doubled, ids, words] = ["doubled", "id_out", "word_out"].map(
    (name) => answer[name] as Tensor,
  );
  const equal = (one: Tensor | undefined, other: Tensor | undefined, factor?: number): boolean =>
    one?.dims.join() === other?.dims.join() &&
    one?.data.length === other?.data.length &&
    Array.from<unknown>(other?.data as ArrayLike<unknown>).every(
      (value, index) =>
        one?.data[index] === (factor === undefined ? value : Number(value) * factor),
    );
  return equal(doubled, x, 2) && equal(ids, id) && equal(words, word);
}

describe("mixed calls", () => {
  it("each get their own rows, whatever their shapes, lengths, priorities and ends", async () => {
    const { model, runs, ends } = await open(doubling, { instances: 2, queueRows: 100_000 });
    const random = createRandom(7);
    const count = rounds(5_000, 100_000);
    const priorities = ["high", "normal", "low"] as const;
    const tally = { right: 0, wrong: 0, cancelled: 0, late: 0, other: 0 };
    const started = { calls: 0 };
    const caller = async (): Promise<void> => {
      while (started.calls < count) {
        const id = started.calls++;
        const length = [1, 4, 7, 16][random(4)] as number;
        const feeds = numbered(id, 1 + (random(50) === 0 ? 32 + random(80) : random(4)), length);
        const controller = new AbortController();
        const options: JobOptions = {
          timeout: random(100) === 0 ? 1 : 600_000,
          signal: controller.signal,
          priority: priorities[random(3)],
          tokens: random(2) === 0 ? undefined : length + random(3),
        };
        const answer = model.infer(feeds, options);
        if (random(20) === 0) setImmediate(() => controller.abort());
        try {
          tally[isAnswerTo(await answer, feeds) ? "right" : "wrong"] += 1;
        } catch (error) {
          const code = error instanceof InferenceError ? error.code : "";
          if (code === "inference.cancelled") tally.cancelled += 1;
          else if (code === "inference.deadline") tally.late += 1;
          else tally.other += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 100 }, caller));
    expect(tally).toMatchObject({ wrong: 0, other: 0 });
    expect(tally.right).toBeGreaterThan(count * 0.8);
    expect(tally.cancelled).toBeGreaterThan(0);
    expect(ends.length).toBe(count);
    expect(model.queued).toBe(0);
    expect(Math.max(...runs.map(({ rows }) => rows))).toBeLessThanOrEqual(32);
    if (!everyStep) expect(runs.length).toBeLessThan(count);
  });
});

describe("answers beside those of `session.run`", () => {
  const weights = new Float32Array(64 * 8).map((_, index) => Math.sin(index * 0.7));
  const bytes = classifierModel({ width: 64, classes: 8, weights });

  it("are equal bit for bit for a single call", async () => {
    const { model, file } = await open(bytes);
    const session = await openSession(file);
    for (let round = 0; round < 200; round += 1) {
      const features = floats([1 + (round % 5), 64], (index) => Math.cos(index * (round + 1)));
      const answer = await model.infer({ features }, patient);
      expect(contents(answer)).toEqual(contents(await session.run({ features })));
    }
    await session.release();
  });

  it("are equal within 1e-5 in batches", async () => {
    const { model, file, runs } = await open(bytes, { queueRows: 100_000 });
    const session = await openSession(file);
    const calls = Array.from({ length: 300 }, (_, call) =>
      floats([1 + (call % 40), 64], (index) => Math.cos(index * (call + 1))),
    );
    const answers = await Promise.all(calls.map((features) => model.infer({ features }, patient)));
    let furthest = 0;
    for (const [index, features] of calls.entries()) {
      const direct = (await session.run({ features }))["probabilities"] as Tensor;
      const answer = answers[index]?.["probabilities"] as Tensor;
      expect(answer.dims).toEqual(direct.dims);
      for (const [place, value] of (answer.data as Float32Array).entries()) {
        furthest = Math.max(furthest, Math.abs(value - Number(direct.data[place])));
      }
    }
    await session.release();
    expect(furthest).toBeLessThan(1e-5);
    expect(runs.length).toBeLessThan(300);
  });
});

describe("a batch", () => {
  /** Answers of calls that all waited for one run. */
  async function together(model: OpenModel, calls: [Tensors, Partial<JobOptions>][]) {
    const busy = model.model.infer(numbered(0, 1, 900), patient);
    const answers = calls.map(([feeds, options]) =>
      model.model.infer(feeds, { ...patient, ...options }),
    );
    await busy;
    const settled = await Promise.allSettled(answers);
    return { settled, runs: model.runs.slice(1) };
  }

  it("holds all that came in one turn of the event loop, the first of them too", async () => {
    const { model, runs } = await open(doubling);
    await Promise.all([1, 2, 3].map((id) => model.infer(numbered(id, 1, 4), patient)));
    expect(runs.map(({ rows }) => rows)).toEqual([3]);
  });

  it("holds no more tokens than allowed, its rows counted as long as the longest", async () => {
    const model = await open(doubling, { batchTokens: 100 });
    const { runs } = await together(model, [
      [numbered(1, 2, 4), { tokens: 20 }],
      [numbered(2, 1, 4), { tokens: 30 }],
      [numbered(3, 1, 4), { tokens: 25 }],
      [numbered(4, 1, 4), { tokens: 400 }],
    ]);
    expect(runs.map(({ rows, tokens }) => [rows, tokens])).toEqual([
      [3, 90],
      [1, 25],
      [1, 400],
    ]);
  });

  it("does not mix lengths that differ by more than a factor of two", async () => {
    const model = await open(doubling);
    const { runs } = await together(model, [
      [numbered(1, 1, 4), { tokens: 10 }],
      [numbered(2, 1, 4), { tokens: 21 }],
      [numbered(3, 1, 4), { tokens: 20 }],
      [numbered(4, 1, 4), { tokens: 40 }],
    ]);
    expect(runs.map(({ rows }) => rows)).toEqual([2, 2]);
  });

  it("holds one shape of rows", async () => {
    const model = await open(doubling);
    const { runs, settled } = await together(model, [
      [numbered(1, 1, 4), {}],
      [numbered(2, 2, 5), {}],
      [numbered(3, 1, 4), {}],
    ]);
    expect(runs.map(({ rows }) => rows)).toEqual([2, 2]);
    expect(settled.every(({ status }) => status === "fulfilled")).toBe(true);
  });

  it("counts the rows of a caller's own batch, which is split evenly", async () => {
    const model = await open(doubling, { batchRows: 10 });
    const feeds = numbered(1, 21, 4);
    const { runs, settled } = await together(model, [
      [feeds, {}],
      [numbered(2, 3, 4), {}],
    ]);
    expect(runs.map(({ rows }) => rows)).toEqual([10, 7, 7]);
    const [first] = settled;
    expect(first?.status === "fulfilled" && isAnswerTo(first.value, feeds)).toBe(true);
  });

  it("tells rows, tokens, the wait of each part, computing time, and requests their end", async () => {
    const model = await open(doubling);
    await together(model, [
      [numbered(1, 2, 4), { tokens: 4 }],
      [numbered(2, 1, 4), { tokens: 3 }],
    ]);
    const [, run] = model.runs;
    expect(run).toMatchObject({ rows: 3, tokens: 12, failed: false });
    expect(run?.queued.length).toBe(2);
    expect(run?.queued.every((wait) => wait >= 0 && wait < 60_000)).toBe(true);
    expect(run?.milliseconds).toBeGreaterThan(0);
    expect(model.ends.map(({ rows, outcome }) => [rows, outcome])).toEqual([
      [1, "success"],
      [2, "success"],
      [1, "success"],
    ]);
  });
});

describe("a row that the model refuses", () => {
  const picking = graphModel({
    inputs: [{ name: "index", type: "int64", dims: ["N"] }],
    outputs: [{ name: "value", type: "float32", dims: ["N"] }],
    constants: [{ name: "table", type: "float32", dims: [3], values: Float32Array.of(5, 6, 7) }],
    nodes: [{ operator: "Gather", inputs: ["table", "index"], outputs: ["value"] }],
  });
  const pick = (index: bigint): Tensors => ({
    index: { type: "int64", dims: [1], data: BigInt64Array.of(index) },
  });

  it("costs its own caller the answer, and none of those in its batch", async () => {
    const { model, runs } = await open(picking);
    const calls = [0n, 1n, 99n, 2n, 1n].map((index) => model.infer(pick(index), patient));
    const settled = await Promise.allSettled(calls);
    expect(settled.map((one) => one.status === "fulfilled" && one.value["value"]?.data[0])).toEqual(
      [5, 6, false, 7, 6],
    );
    expect((settled[2] as PromiseRejectedResult).reason).toMatchObject({
      code: "inference.refused",
      message:
        "The model refused the input: indices element out of data bounds, idx=99 must be within the inclusive range [-3,2]",
    });
    expect(runs.filter(({ failed }) => failed)).toMatchObject([{ rows: 1 }]);
  });
});

describe("a caller who gives away the memory he asked about", () => {
  it("gets an error, and none of those in his batch", async () => {
    const { model } = await open(doubling);
    const busy = model.infer(numbered(0, 1, 900), patient);
    const calls = [1, 2, 3].map((id) => numbered(id, 1, 4));
    const answers = calls.map((feeds) => model.infer(feeds, patient));
    const { x } = calls[1] as { x: Tensor };
    structuredClone(null, { transfer: [(x.data as Float32Array<ArrayBuffer>).buffer] });
    await busy;
    const [first, second, third] = await Promise.allSettled(answers);
    expect(second).toMatchObject({ reason: { code: "inference.failed" } });
    for (const [index, answer] of [first, third].entries()) {
      const feeds = calls[index * 2] as Tensors;
      expect(answer?.status === "fulfilled" && isAnswerTo(answer.value, feeds)).toBe(true);
    }
  });
});

describe("a model without rows", () => {
  it("computes one request at a time, its dimensions as they are", async () => {
    const { model, runs } = await open(
      identityModel([
        { name: "scalar", type: "float32", dims: [] },
        { name: "fixed", type: "float32", dims: [2, 2] },
        { name: "free", type: "float32", dims: ["A", "B"] },
      ]),
    );
    expect(model.batching).toBe(false);
    const calls = [1, 2, 3].map((size) => ({
      scalar: floats([], () => size),
      fixed: floats([2, 2], (index) => index * size),
      free: floats([size, 5], (index) => index + size),
    }));
    const answers = await Promise.all(calls.map((feeds) => model.infer(feeds, patient)));
    for (const [index, { scalar, fixed, free }] of calls.entries()) {
      const expected = { scalar_out: scalar, fixed_out: fixed, free_out: free } as Tensors;
      expect(contents(answers[index] as Tensors)).toEqual(contents(expected));
    }
    expect(runs.map(({ rows }) => rows)).toEqual([1, 1, 1]);
  });

  const acrossRows = graphModel({
    inputs: [{ name: "x", type: "float32", dims: ["N", 2] }],
    outputs: [{ name: "y", type: "float32", dims: ["N", 2] }],
    nodes: [{ operator: "Softmax", inputs: ["x"], outputs: ["y"], attributes: { axis: 0 } }],
  });
  const byContent = graphModel({
    inputs: [{ name: "x", type: "float32", dims: ["N"] }],
    outputs: [{ name: "places", type: "int64", dims: ["M", "K"] }],
    nodes: [
      { operator: "NonZero", inputs: ["x"], outputs: ["found"] },
      { operator: "Transpose", inputs: ["found"], outputs: ["places"] },
    ],
  });

  const quantized = graphModel({
    inputs: [{ name: "x", type: "float32", dims: ["N", 4] }],
    outputs: [{ name: "y", type: "float32", dims: ["N", 4] }],
    nodes: [
      { operator: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["q", "scale", "zero"] },
      { operator: "DequantizeLinear", inputs: ["q", "scale", "zero"], outputs: ["y"] },
    ],
  });

  it("is found out though its shapes promise rows", async () => {
    for (const bytes of [acrossRows, byContent, quantized]) {
      const { model } = await open(bytes);
      expect(model.batching).toBe(false);
    }
    const { model } = await open(acrossRows);
    const x = floats([2, 2], () => 3);
    const answers = await Promise.all([1, 2, 3].map(() => model.infer({ x }, patient)));
    for (const { y } of answers) expect(y?.data).toEqual(Float32Array.of(0.5, 0.5, 0.5, 0.5));
  });

  it("takes no rows at all where the dimension is free", async () => {
    const { model } = await open(doubling);
    const [none, one] = await Promise.all(
      [numbered(1, 0, 4), numbered(2, 1, 4)].map((feeds) => model.infer(feeds, patient)),
    );
    expect(none?.["doubled"]).toEqual({ type: "float32", dims: [0, 4], data: new Float32Array(0) });
    expect(one?.["doubled"]?.dims).toEqual([1, 4]);
  });

  it("is not taken for one when it is a sum of products in any precision", async () => {
    for (const type of ["float32", "float64", "float16"]) {
      const element = { float32: Float32Array, float64: Float64Array, float16: Float16Array }[type];
      const values = (element as Float64ArrayConstructor).from({ length: 64 * 64 }, (_, index) =>
        Math.sin(index * 1.7),
      );
      const { model } = await open(
        graphModel({
          inputs: [{ name: "x", type, dims: ["N", 64] }],
          outputs: [{ name: "y", type, dims: ["N", 64] }],
          constants: [{ name: "w", type, dims: [64, 64], values }],
          nodes: [
            { operator: "MatMul", inputs: ["x", "w"], outputs: ["h"] },
            { operator: "MatMul", inputs: ["h", "w"], outputs: ["y"] },
          ],
        }),
      );
      expect(model.batching).toBe(true);
    }
  });

  it("is found out while it serves, and gives each caller what is his", async () => {
    // No number that is tried at the warm-up shows that what comes out follows from what goes in.
    const deceiving = graphModel({
      inputs: [{ name: "x", type: "float32", dims: ["N"] }],
      outputs: [{ name: "values", type: "float32", dims: ["M"] }],
      constants: [{ name: "limit", type: "float32", dims: [], values: Float32Array.of(100) }],
      nodes: [
        { operator: "Less", inputs: ["x", "limit"], outputs: ["isSmall"] },
        { operator: "Compress", inputs: ["x", "isSmall"], outputs: ["values"] },
      ],
    });
    const { model } = await open(deceiving);
    expect(model.batching).toBe(true);
    const x = (...values: number[]): Tensors => ({
      x: { type: "float32", dims: [values.length], data: Float32Array.from(values) },
    });
    const calls = [x(0, 200, 0), x(500), x(0, 0, 300, 0)].map((feeds) =>
      model.infer(feeds, patient),
    );
    const answers = await Promise.all(calls);
    expect(answers.map(({ values }) => values?.data.length)).toEqual([2, 0, 3]);
    expect(model.batching).toBe(false);
  });
});
