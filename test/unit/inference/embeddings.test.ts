import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { findModels } from "../../../src/inference/models.ts";
import { openModels } from "../../../src/inference/open-models.ts";
import { EmbeddingTask } from "../../../src/inference/tasks/embeddings.ts";
import {
  type EmbeddingFolder,
  hiddenRows,
  width,
  writeEmbeddingModel,
} from "./embedding-folder.ts";

const quiet = { info: () => undefined, error: () => undefined };
const options = { timeout: 5000 };

let folder: string;
let pool: ModelPool | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-embeddings-"));
});

afterEach(async () => {
  await pool?.close();
  await rm(folder, { recursive: true });
});

async function open(shape: EmbeddingFolder = {}): Promise<EmbeddingTask> {
  await writeEmbeddingModel(folder, "embedding", shape);
  return await openPool();
}

async function openPool(): Promise<EmbeddingTask> {
  pool = new ModelPool(await findModels([folder], folder), { log: quiet });
  pool.start();
  for (let turn = 0; turn < 1000 && !pool.ready; turn++) await sleep(10);
  return new EmbeddingTask(pool);
}

const cls = 2;
const sep = 3;
const ids = {
  "a cat": [cls, 4, 5, sep],
  "a dog sees cats": [cls, 4, 6, 9, 5, 8, sep],
  dog: [cls, 6, sep],
};

function mean(rows: readonly number[][]): number[] {
  return Array.from(
    { length: width },
    (_, at) => rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length,
  );
}

function scaled(vector: readonly number[]): number[] {
  const norm = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return vector.map((value) => value / norm);
}

function expectNear(vector: Float32Array | undefined, expected: readonly number[]): void {
  expect(vector).toHaveLength(expected.length);
  for (const [at, value] of expected.entries()) expect(vector?.[at]).toBeCloseTo(value, 5);
}

const modules = (...kinds: string[]): unknown =>
  kinds.map((kind, idx) => {
    return {
      idx,
      name: `${idx}`,
      path: `${idx}_${kind}`,
      type: `sentence_transformers.models.${kind}`,
    };
  });

describe("embeddings", () => {
  test("are the mean of a text's tokens, whatever else is in the batch", async () => {
    const task = await open();
    const texts = Object.keys(ids) as (keyof typeof ids)[];
    const { vectors, tokens, model } = await task.embed({ inputs: texts }, options);
    for (const [at, text] of texts.entries()) {
      expectNear(vectors[at], mean(hiddenRows(ids[text])));
      const alone = await task.embed({ inputs: [text] }, options);
      expectNear(alone.vectors[0], Array.from(vectors[at] ?? []));
    }
    expect(tokens).toBe(4 + 7 + 3);
    expect(model).toMatchObject({ name: "embedding", version: "1" });
  });

  test("of many texts of all lengths come back in the order of the texts", async () => {
    const task = await open();
    const words = ["a", "cat", "dog", "sees", "runs"];
    const inputs = Array.from({ length: 150 }, (_, at) =>
      Array.from({ length: 1 + ((at * 7) % 11) }, (_unused, word) => words[(at + word) % 5]).join(
        " ",
      ),
    );
    const { vectors } = await task.embed({ inputs }, options);
    for (const at of [0, 1, 42, 77, 149]) {
      const alone = await task.embed({ inputs: [inputs[at] as string] }, options);
      expectNear(vectors[at], Array.from(alone.vectors[0] ?? []));
    }
  });

  test.each([
    ["cls", (rows: number[][]) => rows[0] as number[]],
    ["lasttoken", (rows: number[][]) => rows.at(-1) as number[]],
    [
      "max",
      (rows: number[][]) => rows[0]?.map((_, at) => Math.max(...rows.map((row) => row[at] ?? 0))),
    ],
    [
      "mean_sqrt_len_tokens",
      (rows: number[][]) => mean(rows).map((v) => v * Math.sqrt(rows.length)),
    ],
  ])("are pooled as 1_Pooling says: %s", async (mode, expected) => {
    const key = mode === "cls" ? "cls_token" : mode === "max" ? "max_tokens" : mode;
    const task = await open({
      files: {
        "modules.json": modules("Transformer", "Pooling"),
        "1_Pooling/config.json": { [`pooling_mode_${key}`]: true, pooling_mode_mean_tokens: false },
      },
    });
    const { vectors } = await task.embed({ inputs: ["a cat", "a dog sees cats"] }, options);
    expectNear(vectors[0], expected(hiddenRows(ids["a cat"])) ?? []);
    expectNear(vectors[1], expected(hiddenRows(ids["a dog sees cats"])) ?? []);
  });

  test("come from a folder as it is published, with the tokenizer above the model's", async () => {
    const task = await open({
      asPublished: true,
      files: {
        "config.json": { model_type: "bert", max_position_embeddings: 5 },
        "modules.json": modules("Transformer", "Pooling", "Normalize"),
        "1_Pooling/config.json": { pooling_mode_cls_token: true },
      },
    });
    const { vectors, tokens } = await task.embed(
      { inputs: ["a dog sees cats"], truncate: true },
      options,
    );
    expect(tokens).toBe(5);
    expectNear(vectors[0], scaled(hiddenRows([cls, 4, 6, 9, sep])[0] ?? []));
  });

  test("are normalised where the folder has the module Normalize, with type ids where wanted", async () => {
    const task = await open({
      typeIds: true,
      files: {
        "modules.json": modules("Transformer", "Pooling", "Normalize"),
        "1_Pooling/config.json": { pooling_mode_mean_tokens: true, pooling_mode_cls_token: true },
      },
    });
    const rows = hiddenRows(ids.dog);
    const { vectors } = await task.embed({ inputs: ["dog"] }, options);
    expectNear(vectors[0], scaled([...(rows[0] ?? []), ...mean(rows)]));
  });

  test("take token ids as they are", async () => {
    const task = await open();
    const { vectors, tokens } = await task.embed({ inputs: [[6, 9], ids.dog, "dog"] }, options);
    expectNear(vectors[0], mean(hiddenRows([6, 9])));
    expectNear(vectors[1], Array.from(vectors[2] ?? []));
    expect(tokens).toBe(2 + 3 + 3);
    for (const wrong of [[10], [-1], [1.5], []]) {
      await expect(task.embed({ inputs: [wrong] }, options)).rejects.toMatchObject({
        code: "inference.input",
      });
    }
  });

  test("read no more of a text than the model takes", async () => {
    const task = await open();
    const inputs = ["cat ".repeat(50), "dog"];
    const { vectors, tokens, truncated } = await task.embed({ inputs, truncate: true }, options);
    expect(truncated).toEqual([true, false]);
    expect(tokens).toBe(16 + 3);
    expectNear(vectors[0], mean(hiddenRows([cls, ...Array<number>(14).fill(5), sep])));
  });

  test("are refused where they have more tokens than the model takes", async () => {
    const task = await open();
    for (const long of ["cat ".repeat(15), Array<number>(17).fill(5)]) {
      await expect(task.embed({ inputs: ["dog", long] }, options)).rejects.toMatchObject({
        code: "inference.too.large",
        message: "Input 2 has more than the 16 tokens that can be embedded at once.",
      });
    }
    const whole = ["cat ".repeat(14), Array<number>(16).fill(5)];
    expect((await task.embed({ inputs: whole }, options)).truncated).toEqual([false, false]);
  });

  test("are cut where the model's configuration says so and the caller nothing", async () => {
    const task = await open({ files: { "config.yaml": { embedding: { truncate: true } } } });
    const inputs = ["cat ".repeat(50)];
    expect((await task.embed({ inputs }, options)).truncated).toEqual([true]);
    await expect(task.embed({ inputs, truncate: false }, options)).rejects.toMatchObject({
      code: "inference.too.large",
    });
  });

  test("have no more tokens than is allowed, whatever the model takes", async () => {
    await open();
    const task = new EmbeddingTask(pool as ModelPool, { tokens: 8 });
    const inputs = ["cat ".repeat(7)];
    await expect(task.embed({ inputs }, options)).rejects.toThrow("the 8 tokens");
    expect((await task.embed({ inputs, truncate: true }, options)).tokens).toBe(8);
  });

  test("are cut only to lengths that the model was trained for", async () => {
    const task = await open({ files: { "config.yaml": { embedding: { dimensions: [2] } } } });
    const { vectors } = await task.embed({ inputs: ["dog"], dimensions: 2 }, options);
    expectNear(vectors[0], scaled(mean(hiddenRows(ids.dog)).slice(0, 2)));
    const full = await task.embed({ inputs: ["dog"], dimensions: width }, options);
    expectNear(full.vectors[0], mean(hiddenRows(ids.dog)));
    await expect(task.embed({ inputs: ["dog"], dimensions: 3 }, options)).rejects.toMatchObject({
      code: "inference.input",
      hint: expect.stringContaining("2") as string,
    });
  });

  test("put the prompt before a text that is asked for or the model's own", async () => {
    const prompts = { query: "a ", passage: "dog " };
    const task = await open({
      files: {
        "config_sentence_transformers.json": { prompts, default_prompt_name: "query" },
      },
    });
    const usual = await task.embed({ inputs: ["cat"] }, options);
    expectNear(usual.vectors[0], mean(hiddenRows(ids["a cat"])));
    const named = await task.embed({ inputs: ["cat"], prompt: "passage" }, options);
    expectNear(named.vectors[0], mean(hiddenRows([cls, 6, 5, sep])));
    await expect(task.embed({ inputs: ["cat"], prompt: "other" }, options)).rejects.toMatchObject({
      code: "inference.input",
    });
  });

  test("come from the model that is asked for; one that is not there is named", async () => {
    await writeEmbeddingModel(folder, "second", {
      files: { "config.yaml": { embedding: { normalize: true } } },
    });
    const task = await open();
    const { vectors, model } = await task.embed({ inputs: ["dog"], model: "second" }, options);
    expect(model.name).toBe("second");
    expectNear(vectors[0], scaled(mean(hiddenRows(ids.dog))));
    await expect(task.embed({ inputs: ["dog"], model: "third" }, options)).rejects.toMatchObject({
      code: "model.missing",
      hint: expect.stringContaining("models/third") as string,
    });
  });

  test("are refused by a model without a tokenizer, or whose folder asks for more than there is", async () => {
    const bare = await writeEmbeddingModel(folder, "bare");
    await rm(join(bare, "tokenizer.json"));
    await writeEmbeddingModel(folder, "dense", {
      files: { "modules.json": modules("Transformer", "Dense") },
    });
    const broken = await writeEmbeddingModel(folder, "broken");
    await writeFile(join(broken, "tokenizer.json"), "{");
    const task = await open();
    const ask = (model: string): Promise<unknown> => task.embed({ inputs: ["a"], model }, options);
    await expect(ask("bare")).rejects.toMatchObject({ code: "model.missing" });
    await expect(ask("dense")).rejects.toMatchObject({
      code: "model.unfit",
      message: expect.stringContaining("Dense") as string,
    });
    await expect(ask("broken")).rejects.toMatchObject({ code: "model.unfit" });
    await expect(ask("embedding")).resolves.toBeDefined();
  });

  test("are not computed for a caller that went away", async () => {
    const task = await open();
    const signal = AbortSignal.abort();
    await expect(task.embed({ inputs: ["dog"] }, { ...options, signal })).rejects.toMatchObject({
      code: "inference.cancelled",
    });
  });

  test("of a model that is loaded again are made with the tokenizer that is there then", async () => {
    await writeEmbeddingModel(folder, "embedding");
    pool = await openModels({ folders: [folder], bundled: join(folder, ".none"), log: quiet });
    pool.start();
    await vi.waitFor(() => expect(pool?.ready).toBe(true), 10_000);
    const task = new EmbeddingTask(pool);
    const before = await task.embed({ inputs: ["cat", "dog"] }, options);
    await pool.unload("embedding");
    await expect(task.embed({ inputs: ["cat"] }, options)).rejects.toMatchObject({
      code: "inference.unavailable",
    });
    const file = join(folder, "embedding", "1", "tokenizer.json");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace('"cat":5,"dog":6', '"dog":5,"cat":6'));
    await pool.load("embedding");
    await vi.waitFor(() => expect(pool?.ready).toBe(true), 10_000);
    const after = await task.embed({ inputs: ["dog", "cat"] }, options);
    expect(after.vectors).toEqual(before.vectors);
  });

  test("need the tokenizer's file once", async () => {
    const task = await open();
    await task.prepare();
    await rm(join(folder, "embedding", "1", "tokenizer.json"));
    await expect(task.embed({ inputs: ["dog"] }, options)).resolves.toMatchObject({ tokens: 3 });
  });
});
