import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { votingWeights, classifierModel } from "../../unit/inference/onnx-file.ts";
import { writeEchoModel } from "./echo-model.ts";
import { figure } from "./figures.ts";
import { type Running, serveWith, startRunning } from "./running.ts";

let running: Running;

beforeAll(async () => {
  const serve = serveWith({ cache: { bytes: 8000, ttl: 60_000 } });
  running = await startRunning({ serve }, async (models) => {
    for (const name of ["remembering", "forgetful"]) {
      await writeEchoModel(models, name, [{ name: "x", datatype: "FP32", dims: ["N", 2] }]);
    }
    const file = join(models, "remembering", "1", "config.yaml");
    await writeFile(file, "cache: true\n");
    const language = join(models, "language", "1", "config.yaml");
    const configuration = JSON.parse(await readFile(language, "utf8")) as object;
    await writeFile(language, JSON.stringify({ ...configuration, cache: true }));
  });
  await vi.waitFor(async () => {
    expect((await running.send("GET", "/v2/health/ready")).status).toBe(200);
  }, 20_000);
});

afterAll(() => running.close());

async function ask(model: string, data: readonly number[]): Promise<unknown> {
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 2], data }];
  const answer = await running.send("POST", `/v2/models/${model}/infer`, { body: { inputs } });
  expect(answer.status, JSON.stringify(answer.body)).toBe(200);
  return (answer.body as { outputs: { data: number[] }[] }).outputs[0]?.data;
}

async function counts(model: string): Promise<Record<string, number>> {
  const [hits, named, misses, runs] = await Promise.all(
    [
      "cache_hits_total",
      "cache_num_hits_per_model",
      "cache_num_misses_per_model",
      "inference_exec_count",
    ].map((name) => figure(running, name, { model, version: "1" })),
  );
  expect(named).toBe(hits);
  return { hits: hits ?? 0, misses: misses ?? 0, runs: runs ?? 0 };
}

test("the same request to a model that asks for the cache is computed once, and counted", async () => {
  expect(await figure(running, "cache_bytes")).toBe(0);
  for (let round = 0; round < 3; round += 1)
    expect(await ask("remembering", [1, 2])).toEqual([1, 2]);
  expect(await ask("remembering", [2, 1])).toEqual([2, 1]);
  expect(await counts("remembering")).toEqual({ hits: 2, misses: 2, runs: 2 });
  expect(await figure(running, "cache_bytes")).toBeGreaterThan(500);
});

test("a model that does not ask for it computes each request", async () => {
  for (let round = 0; round < 3; round += 1) expect(await ask("forgetful", [1, 2])).toEqual([1, 2]);
  expect(await counts("forgetful")).toEqual({ hits: 0, misses: 0, runs: 3 });
});

test("tasks are answered from it too, alone and in a batch", async () => {
  const item = { task: "language", text: "guten Tag" };
  const alone = await running.send("POST", "/api/v1/text/process", { body: item });
  const items = [{ kind: "text", ...item }];
  const batch = await running.send("POST", "/api/v1/batch/process", { body: { items } });
  const { results } = batch.body as { results: { result: object }[] };
  expect(results[0]?.result).toEqual((alone.body as { result: object }).result);
  expect(await counts("language")).toEqual({ hits: 1, misses: 1, runs: 1 });
});

test("it never holds more than it may: the eldest answers go", async () => {
  for (let number = 0; number < 100; number += 1) await ask("remembering", [number, 7]);
  const bytes = await figure(running, "cache_bytes");
  expect(bytes).toBeGreaterThan(4000);
  expect(bytes).toBeLessThanOrEqual(8000);
  const before = await counts("remembering");
  await ask("remembering", [99, 7]);
  await ask("remembering", [0, 7]);
  const after = await counts("remembering");
  expect(after["hits"]).toBe((before["hits"] ?? 0) + 1);
  expect(after["misses"]).toBe((before["misses"] ?? 0) + 1);
});

test("an answer of a model's file that was replaced is not given for the new one", async () => {
  const text = { task: "language", text: "guten Tag" };
  const first = await running.send("POST", "/api/v1/text/process", { body: text });
  const weights = votingWeights(256, 3).toReversed();
  const file = join(running.folder, "models", "language", "1", "model.onnx");
  await writeFile(file, classifierModel({ width: 256, classes: 3, weights }));
  const load = await running.send("POST", "/v2/repository/models/language/load", { body: {} });
  expect(load.status).toBe(200);
  const second = await running.send("POST", "/api/v1/text/process", { body: text });
  expect((second.body as { result: object }).result).not.toEqual(
    (first.body as { result: object }).result,
  );
});
