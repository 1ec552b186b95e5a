import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  cosines,
  scoreOverlap,
  scoreRetrieval,
  WordOverlap,
} from "../../../src/inference/bundled/embedding/build/retrieval.ts";
import { embedAll } from "../../../src/inference/bundled/embedding/build/run-model.ts";
import { readLines } from "../../../src/inference/bundled/language/build/corpus.ts";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { bundledModelsFolder, findModels } from "../../../src/inference/models.ts";
import { EmbeddingTask } from "../../../src/inference/tasks/embeddings.ts";

const quiet = { info: () => undefined, error: () => undefined };
const options = { timeout: 30_000 };

let pool: ModelPool;
let task: EmbeddingTask;

beforeAll(async () => {
  pool = new ModelPool(await findModels([], bundledModelsFolder), { log: quiet });
  pool.start();
  for (let turn = 0; turn < 1000 && !pool.ready; turn++) await sleep(10);
  task = new EmbeddingTask(pool);
});

afterAll(async () => {
  await pool.close();
});

async function matrix(inputs: string[]): Promise<Float32Array> {
  const { vectors } = await task.embed({ inputs }, options);
  return Float32Array.from(vectors.flatMap((vector) => [...vector]));
}

describe("the bundled embedding model", () => {
  test("finds another dictionary's definition more often than shared words do", async () => {
    const file = `${bundledModelsFolder}/embedding/sample.jsonl`;
    const lines = readLines<{ word: string; query: string; answer: string }>(file);
    expect(lines.length).toBeGreaterThan(200);
    const questions = await matrix(lines.map(({ query }) => query));
    const answers = await matrix(lines.map(({ answer }) => answer));
    const model = scoreRetrieval(lines.length, cosines(questions, answers, 128));
    const texts = lines.flatMap(({ query, answer }) => [query, answer]);
    const words = scoreOverlap(lines, new WordOverlap(texts));
    expect(model.reciprocalRank).toBeGreaterThan(words.reciprocalRank + 0.05);
    expect(model.firstTen).toBeGreaterThan(0.85);
  });

  test("answers what the runtime computes in this process", async () => {
    const texts = ["a ship", "a small vessel with sails", "The Free On-line Dictionary, 1993."];
    const { vectors } = await task.embed({ inputs: texts }, options);
    const direct = await embedAll(texts, 128);
    for (const [row, vector] of vectors.entries()) {
      for (const [at, value] of vector.entries()) {
        expect(value).toBeCloseTo(direct[row * 128 + at] ?? 0, 6);
      }
    }
  });

  test("gives vectors of norm 1, the same alone and among others", async () => {
    const texts = ["a ship", "a small vessel with sails", "zzzz 東京", "."];
    const { vectors } = await task.embed({ inputs: texts }, options);
    for (const [at, vector] of vectors.entries()) {
      expect(vector).toHaveLength(128);
      expect(vector.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
      const alone = await task.embed({ inputs: [texts[at] as string] }, options);
      for (const [index, value] of vector.entries()) {
        expect(alone.vectors[0]?.[index]).toBeCloseTo(value, 5);
      }
    }
  });

  test("gives a text without letters a vector and no error", async () => {
    const { vectors } = await task.embed({ inputs: [" "] }, options);
    expect(vectors[0]).toHaveLength(128);
    expect(vectors[0]?.every(Number.isFinite)).toBe(true);
  });
});
