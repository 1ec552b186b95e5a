import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findModels } from "../../../src/inference/models.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "studio-manifest-"));
  await write("a/1/model.onnx", "model");
  await write("a/1/labels.txt", "labels");
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(path: string, content: string): Promise<void> {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), content);
}

const find = () => findModels([folder], join(folder, "none"));
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

describe("a manifest beside a model", () => {
  it.each([
    ["of sha256sum", "a/1/SHA256SUMS", () => `${hashOf("model")} *model.onnx\n`],
    ["in the model's folder", "a/SHA256SUMS", () => `${hashOf("model")}  ./1/model.onnx\n`],
    ["as JSON", "a/1/manifest.json", () => JSON.stringify({ "model.onnx": hashOf("model") })],
    [
      "as JSON with sizes",
      "a/1/manifest.json",
      () => JSON.stringify({ files: { "model.onnx": { sha256: hashOf("model"), bytes: 5 } } }),
    ],
  ])("%s that fits is in the record", async (_how, path, content) => {
    await write(path, content());
    expect(await find()).toMatchObject([{ manifest: join(folder, path) }]);
  });

  it.each([
    ["another hash of the model", `${hashOf("other")}  model.onnx`, "has the SHA-256"],
    ["not the model", `${hashOf("labels")}  labels.txt`, "does not name"],
    [
      "another hash of a file beside it",
      `${hashOf("model")}  model.onnx\n${hashOf("other")}  labels.txt`,
      "labels.txt has the SHA-256",
    ],
    [
      "a file that is not there",
      `${hashOf("model")}  model.onnx\n${hashOf("")}  x`,
      "x is missing",
    ],
    ["a path that leads out", `${hashOf("model")}  ../../x`, "leads out of the folder"],
    ["something else", "no hash at all", "line 1"],
  ])("with %s is refused", async (_what, content, reason) => {
    await write("a/1/SHA256SUMS", content);
    await expect(find()).rejects.toMatchObject({
      code: "model.manifest",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("of all versions does not answer for the files of another version", async () => {
    await write("a/2/model.onnx", "two");
    await write("a/SHA256SUMS", `${hashOf("model")}  1/model.onnx\n${hashOf("x")}  2/model.onnx\n`);
    await expect(find()).rejects.toMatchObject({ code: "model.manifest" });
    await write("a/2/SHA256SUMS", `${hashOf("two")}  model.onnx\n`);
    expect((await find()).map(({ version }) => version)).toEqual(["2", "1"]);
  });
});
