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
  it("takes the highest version of each name, compared as numbers", async () => {
    await write("models/a/9/model.onnx", "old");
    await write("models/a/10/model.onnx", "new");
    await write("models/a/11/notes.txt", "no model yet");
    await write("models/.b/1/model.onnx", "hidden");
    const [model, ...others] = await find("models", "missing");
    expect(others).toEqual([]);
    expect(model).toMatchObject({
      name: "a",
      version: "10",
      file: join(folder, "models/a/10/model.onnx"),
      sha256: createHash("sha256").update("new").digest("hex"),
      bytes: 3,
      task: null,
      labels: [],
      source: "project",
    });
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
