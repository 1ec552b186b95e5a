import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findModels } from "../../../src/inference/models.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-models-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

async function find(...names: string[]): ReturnType<typeof findModels> {
  return await findModels(
    names.map((name) => join(folder, name)),
    join(folder, "bundled"),
  );
}

describe("finding models", () => {
  it("takes every version of each name, the highest first, compared as numbers", async () => {
    await write("models/a/9/model.onnx", "old");
    await write("models/a/10/model.onnx", "new");
    await write("models/a/11/notes.txt", "no model yet");
    await write("models/.b/1/model.onnx", "hidden");
    const [model, ...others] = await find("models", "missing");
    expect(others.map(({ name, version }) => [name, version])).toEqual([["a", "9"]]);
    expect(model).toMatchObject({
      name: "a",
      version: "10",
      file: join(folder, "models/a/10/model.onnx"),
      sha256: createHash("sha256").update("new").digest("hex"),
      bytes: 3,
      task: null,
      labels: [],
      source: "project",
      root: join(folder, "models/a"),
      folder: join(folder, "models/a/10"),
      files: {},
      manifest: null,
    });
  });

  it("puts what was made from a version behind it", async () => {
    const versions = ["2-int8", "10", "2", "1.10", "10-rc", "1.9", "10-a"];
    for (const version of versions) await write(`models/a/${version}/model.onnx`, version);
    const found = (await find("models")).map(({ version }) => version);
    expect(found).toEqual(["10", "10-rc", "10-a", "2", "2-int8", "1.10", "1.9"]);
  });

  it("takes the versions that the model's own configuration asks for", async () => {
    for (const version of ["1", "2", "3"]) {
      await write(`models/a/${version}/model.onnx`, version);
      await write(`models/a/${version}/config.yaml`, `task: task-of-${version}`);
    }
    const versions = async () => (await find("models")).map(({ version }) => version);
    await write("models/a/config.yaml", "versions: 1");
    expect(await versions()).toEqual(["3"]);
    await write("models/a/config.yaml", "versions: [1, 3]");
    expect(await versions()).toEqual(["3", "1"]);
    await write("models/a/config.yaml", "versions: 1\ndefaultVersion: 2\ninstances: 2\ntask: none");
    const [three, two] = await find("models");
    expect(two?.version).toBe("2");
    expect(three?.configuration.instances).toBe(2);
    expect(three?.task).toBe("task-of-3");
    await write("models/a/config.yaml", "defaultVersion: 4");
    await expect(find("models")).rejects.toMatchObject({
      code: "model.config",
      message: expect.stringMatching(/models\/a\/config\.yaml .* version 4, and there is 3, 2, 1/),
    });
  });

  it("serves a folder as Hugging Face has it, with and without version folders", async () => {
    const config = { model_type: "bert", id2label: { 0: "no", 1: "yes" } };
    const architectures = ["BertForSequenceClassification"];
    for (const place of ["models/whole", "models/versions/2"]) {
      await write(`${place}/onnx/model.onnx`, "model");
      await write(`${place}/config.json`, JSON.stringify({ ...config, architectures }));
      await write(`${place}/tokenizer.json`, "{}");
    }
    await write("models/sentence/model.onnx", "model");
    await write("models/sentence/config.json", JSON.stringify({ model_type: "bert" }));
    await write("models/sentence/9_Pool/config.json", "{}");
    const pooling = "sentence_transformers.models.Pooling";
    await write(
      "models/sentence/modules.json",
      JSON.stringify([{ type: pooling, path: "9_Pool" }]),
    );
    const [sentence, versions, whole] = await find("models");
    expect(whole).toMatchObject({
      version: "1",
      folder: join(folder, "models/whole"),
      file: join(folder, "models/whole/onnx/model.onnx"),
      task: "text-classification",
      labels: [
        { code: "no", name: "no" },
        { code: "yes", name: "yes" },
      ],
      files: {
        config: join(folder, "models/whole/config.json"),
        tokenizer: join(folder, "models/whole/tokenizer.json"),
      },
    });
    expect(versions).toMatchObject({ name: "versions", version: "2" });
    expect(sentence).toMatchObject({
      task: "feature-extraction",
      files: { pooling: join(folder, "models/sentence/9_Pool/config.json") },
    });
  });

  it("names every key of a configuration that is wrong, and what a misspelt one may mean", async () => {
    await write("models/a/1/model.onnx", "model");
    const yaml =
      "instances: 0\nbatching: { row: 2 }\nwarmup: []\nwarmUp: [{ x: { shape: [2], data: [1] } }]";
    await write("models/a/1/config.yaml", yaml);
    const error = await find("models").catch((reason: unknown) => reason as Error);
    expect(error).toMatchObject({ code: "model.config" });
    for (const part of ["a/1/config.yaml", "instances: ", "batching: ", "warmUp.0.x: must have"]) {
      expect((error as Error).message).toContain(part);
    }
    expect((error as Error).message).toContain("warmup: is unknown, did you mean warmUp?");
  });

  it("prefers the folder named first, and the project to what is bundled", async () => {
    await write("first/a/1/model.onnx", "1");
    await write("second/a/2/model.onnx", "2");
    await write("second/b/1/model.onnx", "3");
    await write("bundled/b/model.onnx", "4");
    await write("bundled/c/model.onnx", "5");
    await write("bundled/c/config.yaml", "version: 1.2\ntask: language\nlabels: [en]");
    const found = (await find("first", "second")).map(({ name, version, source }) => [
      name,
      version,
      source,
    ]);
    expect(found).toEqual([
      ["a", "1", "project"],
      ["b", "1", "project"],
      ["c", "1.2", "bundled"],
    ]);
  });

  it("reads task, labels and further keys from the configuration", async () => {
    await write("models/a/1/model.onnx", "model");
    await write(
      "models/a/1/config.yaml",
      "task: language\nlabels: [{ code: en, name: English }, de]\nfeaturizer: { dimensions: 256 }",
    );
    const [model] = await find("models");
    expect(model?.task).toBe("language");
    expect(model?.labels).toEqual([
      { code: "en", name: "English" },
      { code: "de", name: "de" },
    ]);
    expect(model?.configuration["featurizer"]).toEqual({ dimensions: 256 });
  });

  it("names the file of a broken configuration and of an empty model", async () => {
    await write("models/a/1/model.onnx", "model");
    await write("models/a/1/config.yaml", "labels: [en");
    const file = join(folder, "models/a/1/config.yaml");
    await expect(find("models")).rejects.toMatchObject({
      code: "model.config",
      message: expect.stringContaining(file) as string,
    });
    await write("models/a/1/config.yaml", "labels: 7");
    await expect(find("models")).rejects.toMatchObject({ code: "model.config" });
    await write("models/a/1/config.yaml", "");
    await write("models/a/1/model.onnx", "");
    await expect(find("models")).rejects.toMatchObject({ code: "model.unreadable" });
  });
});
