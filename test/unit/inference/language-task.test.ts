import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ModelPool } from "../../../src/inference/model-pool.ts";
import { findModels } from "../../../src/inference/models.ts";
import { LanguageTask } from "../../../src/inference/tasks/language.ts";
import { writeLanguageModel } from "./model-folder.ts";

const quiet = { info: () => undefined, error: () => undefined };
const options = { timeout: 5000 };

let folder: string;
let pool: ModelPool;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-language-"));
  await writeLanguageModel(join(folder, "models"));
});

afterEach(async () => {
  await pool.close();
  await rm(folder, { recursive: true });
});

async function openTask(): Promise<LanguageTask> {
  pool = new ModelPool(await findModels([join(folder, "models")], folder), { log: quiet });
  pool.start();
  for (let turn = 0; turn < 500 && !pool.ready; turn++) await sleep(10);
  return new LanguageTask(pool);
}

describe("the language task", () => {
  it("orders the guesses by a confidence that is a probability", async () => {
    const task = await openTask();
    const texts = Array.from({ length: 40 }, (_, index) => `text of number ${"x".repeat(index)}`);
    const results = await task.identify(texts, options);
    expect(results).toHaveLength(40);
    for (const { language, confidence, top } of results) {
      expect(top[0]).toMatchObject({ language, confidence });
      const values = top.map((guess) => guess.confidence);
      expect(values).toEqual(values.toSorted((one, other) => other - one));
      expect(values.reduce((sum, value) => sum + value)).toBeCloseTo(1, 5);
    }
    const [alone] = await task.identify([texts[17] as string], options);
    expect(results[17]?.language).toBe(alone?.language);
    expect(results[17]?.confidence).toBeCloseTo(alone?.confidence ?? 0, 5);
  });

  it("says what to install when the model is missing", async () => {
    await rm(join(folder, "models"), { recursive: true });
    const task = await openTask();
    await expect(task.identify(["text"], options)).rejects.toMatchObject({
      code: "model.missing",
      hint: expect.stringContaining("models/language/<version>/model.onnx") as string,
    });
  });

  it("refuses a configuration that does not fit", async () => {
    const file = join(folder, "models/language/1/config.yaml");
    for (const text of ["", "labels: [en]", "labels: [en]\nfeaturizer: { dimensions: 7 }"]) {
      await writeFile(file, text);
      const task = await openTask();
      await expect(task.identify(["text"], options)).rejects.toMatchObject({ code: "model.unfit" });
      await pool.close();
    }
  });

  it("refuses an answer that has another number of labels", async () => {
    const featurizer = { dimensions: 256, shortest: 1, longest: 3, maximumLength: 500 };
    const configuration = JSON.stringify({ labels: ["en", "de"], featurizer });
    await writeFile(join(folder, "models/language/1/config.yaml"), configuration);
    const task = await openTask();
    await expect(task.identify(["text"], options)).rejects.toMatchObject({
      code: "inference.failed",
    });
  });
});
