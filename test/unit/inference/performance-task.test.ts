import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelCapacity } from "../../../src/inference/model-options.ts";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { findModels } from "../../../src/inference/models.ts";
import { graph, model, node, tensor, value } from "../../../src/inference/onnx/build.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";
import { percentile } from "../../../src/inference/performance/measure.ts";
import { type Candidate, choices, propose } from "../../../src/inference/performance/proposal.ts";
import { PerformanceTask } from "../../../src/inference/tasks/performance.ts";
import { writeEmbeddingModel } from "./embedding-folder.ts";
import { graphModel } from "./onnx-graph.ts";
import { brightnessModel, colourModel, colours, writeImageModel } from "./image-models.ts";

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const plenty = (): number => 1e12;

let folder: string;
let pool: ModelPool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-performance-"));
  const configuration = { labels: colours };
  await writeImageModel(join(folder, "models"), "colours", colourModel(), configuration);
  await writeImageModel(join(folder, "models"), "bright", brightnessModel(), configuration);
  pool = await openPool("models");
});

async function openPool(models: string): Promise<ModelPool> {
  const records = await findModels([join(folder, models)], folder);
  const opened = new ModelPool(records, { log: quiet, instances: 1, batchRows: 8 });
  opened.start();
  for (let turn = 0; turn < 1000 && !opened.ready; turn++) await sleep(10);
  return opened;
}

afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

function capacity(name: string): Partial<ModelCapacity> {
  return { ...pool.find(name)?.capacity };
}

const usual = { instances: 1, batchRows: 8, batchTokens: 16_384 };

describe("measuring models", () => {
  it("tells how each setting did and leaves the models as they were", async () => {
    const task = new PerformanceTask(pool, 2, plenty);
    const { models, skipped } = await task.optimize({ duration: 1000, apply: false });
    expect(skipped).toEqual([]);
    expect(models.map(({ name }) => name)).toEqual(["bright", "colours"]);
    for (const { candidates, before, applied, gain } of models) {
      expect(before).toEqual(usual);
      expect(applied).toBe(false);
      expect(gain).toBeGreaterThan(0);
      for (const one of candidates) {
        expect(one.items).toBeGreaterThanOrEqual(one.callers);
        expect(one.itemsPerSecond).toBeGreaterThan(1);
        expect(one.p95).toBeGreaterThanOrEqual(one.p50);
      }
    }
    const [bright, colour] = models;
    expect(colour?.sample).toEqual([{ name: "pixels", type: "float32", shape: [1, 3, 8, 8] }]);
    const caps = colour?.candidates.filter(({ instances }) => instances === 1);
    expect(caps?.map(({ batchRows }) => batchRows)).toEqual([1, 4, 8, 16, 32, 64]);
    expect(colour?.candidates.some(({ instances }) => instances === 2)).toBe(true);
    // A model of one image at a time has nothing to batch.
    expect(bright?.candidates.every(({ batchRows }) => batchRows === 8)).toBe(true);
    expect(capacity("colours")).toEqual(usual);
  });

  it("tries no batches of a model whose rows mix, whatever its shapes promise", async () => {
    const rows = [{ type: "float32", dims: ["N", 4] }];
    const mixing = graphModel({
      inputs: rows.map((one) => ({ name: "x", ...one })),
      outputs: rows.map((one) => ({ name: "y", ...one })),
      nodes: [{ operator: "Softmax", inputs: ["x"], outputs: ["y"], attributes: { axis: 0 } }],
    });
    await writeImageModel(join(folder, "others"), "mixing", mixing, {});
    const others = await openPool("others");
    const task = new PerformanceTask(others, 1, plenty);
    const { models } = await task.optimize({ duration: 200, apply: false });
    await others.close();
    expect(models[0]?.candidates.map(({ batchRows }) => batchRows)).toEqual([8]);
  });

  it("sets what it proposes when that is wanted, and says what was before", async () => {
    await pool.find("colours")?.resize({ batchRows: 1 });
    const task = new PerformanceTask(pool, 2, plenty);
    const { models } = await task.optimize({ models: ["colours"], duration: 1500, apply: true });
    const [report] = models;
    expect(report?.before).toEqual({ ...usual, batchRows: 1 });
    expect(capacity("colours")).toEqual(report?.proposal);
    expect(report?.applied).toBe(
      JSON.stringify(report?.proposal) !== JSON.stringify({ ...usual, batchRows: 1 }),
    );
  });

  it("measures long texts under caps of tokens, too, and sets the best of these", async () => {
    await writeEmbeddingModel(join(folder, "texts"), "embedding");
    const texts = await openPool("texts");
    const task = new PerformanceTask(texts, 1, plenty);
    const dimensions = { sequence: 16 };
    const { models } = await task.optimize({ duration: 1500, dimensions, apply: true });
    const [report] = models;
    const long = report?.candidates.filter(({ rowTokens }) => rowTokens === 16) ?? [];
    const rows = report?.proposal.batchRows ?? 0;
    const binding = [1, 4, 8, 16, 32].filter((count) => count < rows).map((count) => 16 * count);
    expect(long.map(({ batchTokens }) => batchTokens)).toEqual([...binding, 16_384]);
    expect(long.every(({ itemsPerSecond }) => itemsPerSecond > 1)).toBe(true);
    expect(texts.find("embedding")?.capacity).toEqual(report?.proposal);
    await texts.close();
  });

  it("refuses a row that is too large to be made, before it is made", async () => {
    const copied = graph({
      name: "copied",
      node: [node("Identity", ["x"], ["y"])],
      initializer: [],
      input: [value("x", "float32", ["N", 3, "height", "width"])],
      output: [value("y", "float32", ["N", 3, "height", "width"])],
    });
    const wide = model({ graph: copied, producerName: "test", operatorSets: { "": 17 } });
    await writeImageModel(join(folder, "wide"), "wide", encodeModel(wide), {});
    const models = await openPool("wide");
    const task = new PerformanceTask(models, 1, plenty);
    const optimize = (dimensions: Record<string, number>): Promise<unknown> =>
      task.optimize({ duration: 100, dimensions, apply: false });
    const tooLarge = { code: "inference.input", message: expect.stringContaining("1200000000") };
    await expect(optimize({ height: 10_000, width: 10_000 })).rejects.toMatchObject(tooLarge);
    await expect(optimize({ height: 20, width: 20 })).resolves.toMatchObject({
      models: [{ sample: [{ shape: [1, 3, 20, 20] }] }],
    });
    await models.close();
  });

  it("leaves the cap of tokens where a model takes no long text", async () => {
    // Whatever is as long as its positions can be added to them.
    const positions = graph({
      name: "positions",
      node: [node("Add", ["input_ids", "positions"], ["y"])],
      initializer: [tensor("positions", "int64", [16], new BigInt64Array(16))],
      input: [value("input_ids", "int64", ["N", "S"])],
      output: [value("y", "int64", ["N", "S"])],
    });
    const short = model({ graph: positions, producerName: "test", operatorSets: { "": 17 } });
    await writeImageModel(join(folder, "texts"), "short", encodeModel(short), {});
    const texts = await openPool("texts");
    const task = new PerformanceTask(texts, 1, plenty);
    const { models } = await task.optimize({ duration: 500, apply: false });
    await texts.close();
    expect(models[0]?.candidates.length).toBeGreaterThan(4);
    expect(models[0]?.candidates.every(({ batchTokens }) => batchTokens === 16_384)).toBe(true);
  });

  it("answers real callers meanwhile, rightly", async () => {
    const task = new PerformanceTask(pool, 2, plenty);
    let over = false;
    const measuring = task.optimize({ models: ["colours"], duration: 1000, apply: false });
    void measuring.finally(() => (over = true));
    const pixels = { type: "float32", dims: [1, 3, 8, 8], data: new Float32Array(192).fill(0.5) };
    const first = await pool.find("colours")?.infer({ pixels }, { timeout: 5000 });
    let answers = 0;
    while (!over) {
      const again = await pool.find("colours")?.infer({ pixels }, { timeout: 5000 });
      for (const [at, value] of [...(again?.["probabilities"]?.data ?? [])].entries()) {
        expect(value).toBeCloseTo(first?.["probabilities"]?.data[at] as number, 5);
      }
      answers++;
    }
    await measuring;
    expect(answers).toBeGreaterThan(10);
  });

  it("is done once at a time, and only of models that are there", async () => {
    const task = new PerformanceTask(pool, 2, plenty);
    await expect(
      task.optimize({ models: ["other"], duration: 500, apply: false }),
    ).rejects.toMatchObject({ code: "model.unknown" });
    const first = task.optimize({ models: ["bright"], duration: 500, apply: false });
    await expect(task.optimize({ duration: 500, apply: false })).rejects.toMatchObject({
      code: "optimize.running",
    });
    await first;
  });

  it("stops when its caller goes away, and leaves the models as they were", async () => {
    const task = new PerformanceTask(pool, 2, plenty);
    const caller = new AbortController();
    const asked = { duration: 20_000, apply: true, signal: caller.signal };
    const measuring = task.optimize(asked);
    setTimeout(() => caller.abort(), 400);
    await expect(measuring).rejects.toMatchObject({ code: "inference.cancelled" });
    expect(capacity("bright")).toEqual(usual);
    expect(capacity("colours")).toEqual(usual);
  });

  it("tries nothing beside what is in use when its time is over, and says so", async () => {
    const task = new PerformanceTask(pool, 2, plenty);
    const asked = { models: ["colours"], duration: 500, longest: 0, apply: true };
    const [report] = (await task.optimize(asked)).models;
    expect(report?.candidates.map(({ batchRows }) => batchRows)).toEqual([8]);
    expect(report?.skipped.map(({ reason }) => reason)).toContain("there was no time left");
    expect(capacity("colours")).toEqual(usual);
  });

  it("starts no further threads when memory is short", async () => {
    const task = new PerformanceTask(pool, 4, () => 100);
    const { models } = await task.optimize({ models: ["colours"], duration: 500, apply: false });
    expect(models[0]?.candidates.every(({ instances }) => instances === 1)).toBe(true);
    expect(models[0]?.skipped).toMatchObject([
      { instances: 3, reason: expect.stringContaining("memory") as string },
      { instances: 4 },
    ]);
  });
});

describe("a proposal", () => {
  const one = { callers: 8, items: 100, p50: 1, batchTokens: 16_384, rowTokens: 0 };
  const candidate = (
    instances: number,
    batchRows: number,
    itemsPerSecond: number,
    p95 = 5,
  ): Candidate => {
    return { ...one, instances, batchRows, itemsPerSecond, p95 };
  };

  it("is what gives most, and of what gives about as much, the shortest wait and the least", () => {
    const candidates = [
      candidate(1, 1, 100),
      candidate(1, 32, 200, 9),
      candidate(2, 8, 196, 4),
      candidate(1, 8, 195, 4),
    ];
    expect(propose(candidates, candidates[0] ?? null)).toBe(candidates[3]);
    expect(propose(candidates, candidates[2] ?? null)).toBe(candidates[2]);
    expect(propose([], null)).toBeNull();
  });

  it("is chosen among what fits, with what is in use", () => {
    expect(choices(6, [1, 4, 8, 8, 64], 32)).toEqual([1, 4, 6, 8]);
    expect(choices(3, [0, 1, 2], 2)).toEqual([1, 2, 3]);
  });

  it("rests on percentiles by the nearest rank", () => {
    const values = Array.from({ length: 100 }, (_, index) => index + 1);
    expect([percentile(values, 0.5), percentile(values, 0.95), percentile([7], 0.95)]).toEqual([
      50, 95, 7,
    ]);
  });
});
