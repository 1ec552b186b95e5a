import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import type { ModelRecord } from "../../../src/inference/models.ts";
import { cacheKey, createResponseCache } from "../../../src/inference/response-cache.ts";
import type { Tensors } from "../../../src/inference/tensor.ts";
import {
  type TestRepository,
  choiceOf,
  feeds,
  modelFor,
  openRepository,
  until,
} from "./model-repository.ts";

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const timeout = 20_000;

async function open(limits: {
  bytes: number;
  ttl: number;
}): Promise<TestRepository & { runs: string[] }> {
  const runs: string[] = [];
  const repository = await openRepository(
    {
      "cached/1/model.onnx": modelFor(1),
      "cached/1/config.yaml": "cache: true",
      "plain/1/model.onnx": modelFor(1),
    },
    { cache: limits, ran: ({ name }) => runs.push(name) },
  );
  closing.push(() => repository.close());
  repository.pool.start();
  await until(() => repository.pool.ready);
  return { ...repository, runs };
}

describe("the cache", () => {
  it("answers a request seen before without the model, for models that ask for it", async () => {
    const { pool, runs } = await open({ bytes: 100_000, ttl: 60_000 });
    for (const name of ["cached", "plain"]) {
      const first = await pool.require(name).infer(feeds(), { timeout });
      (first["probabilities"] as NonNullable<Tensors[string]>).data.fill(9 as never);
      for (let turn = 0; turn < 3; turn++) expect(await choiceOf(pool, name)).toBe(1);
    }
    expect(runs.filter((name) => name === "cached")).toHaveLength(1);
    expect(runs.filter((name) => name === "plain")).toHaveLength(4);
    expect(pool.cacheUse).toMatchObject({ hits: 3, misses: 1, entries: 1 });
  });

  it("does not answer for another content of the model", async () => {
    const { pool, replace } = await open({ bytes: 100_000, ttl: 60_000 });
    expect(await choiceOf(pool, "cached")).toBe(1);
    await replace("cached/1/model.onnx", modelFor(2));
    await pool.load("cached");
    expect(await choiceOf(pool, "cached")).toBe(2);
  });

  it("holds no more bytes than it may, and nothing longer than it may", async () => {
    const { pool } = await open({ bytes: 3000, ttl: 300 });
    for (let value = 1; value <= 20; value++) {
      await pool.require("cached").infer(feeds(value), { timeout });
    }
    const { bytes, entries } = pool.cacheUse ?? { bytes: 0, entries: 0 };
    expect(entries).toBeGreaterThan(1);
    expect(bytes).toBeLessThanOrEqual(3000);
    await pool.require("cached").infer(feeds(20), { timeout });
    expect(pool.cacheUse?.hits).toBe(1);
    await sleep(350);
    await pool.require("cached").infer(feeds(20), { timeout });
    expect(pool.cacheUse?.hits).toBe(1);
  });

  it("is none within limits that leave no room", async () => {
    expect(await createResponseCache({ bytes: 0, ttl: 1000 })).toBeNull();
  });
});

describe("the key of an answer", () => {
  const record = { name: "a", version: "1", sha256: "x" } as ModelRecord;
  const of = (tensors: Tensors, changes: Partial<ModelRecord> = {}, content = 1) =>
    cacheKey({ ...record, ...changes }, content, tensors);
  const tensor = (values: number[], dims = [values.length]) => ({
    type: "float32",
    dims,
    data: new Float32Array(values),
  });

  it("depends on everything the answer depends on, and on nothing else", () => {
    const words = (...data: string[]) => ({ x: { type: "string", dims: [2], data } });
    const keys = [
      of({ x: tensor([1, 2]) }),
      of({ x: tensor([1, 2]) }, { name: "b" }),
      of({ x: tensor([1, 2]) }, { version: "2" }),
      of({ x: tensor([1, 2]) }, { sha256: "y" }),
      of({ x: tensor([1, 2]) }, {}, 2),
      of({ x: tensor([2, 1]) }),
      of({ x: tensor([1, 2], [1, 2]) }),
      of({ y: tensor([1, 2]) }),
      of({ x: { ...tensor([1, 2]), type: "int32" } }),
      of({ x: tensor([1]), y: tensor([2]) }),
      of(words("ab", "c")),
      of(words("a", "bc")),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(of({ x: tensor([1]), y: tensor([2]) })).toBe(of({ y: tensor([2]), x: tensor([1]) }));
    const part = new Float32Array([0, 1, 2]).subarray(1);
    expect(of({ x: { type: "float32", dims: [2], data: part } })).toBe(keys[0]);
  });
});
