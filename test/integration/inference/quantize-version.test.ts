import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moveOut } from "../../../src/inference/onnx/external-data.ts";
import type { ModelProto } from "../../../src/inference/onnx/messages.ts";
import { writeChunks, writeModel } from "../../../src/inference/onnx/model-file.ts";
import {
  type QuantizeInput,
  quantizeVersion,
} from "../../../src/inference/quantize/quantize-version.ts";
import { encoder, perceptron } from "../../support/network-models.ts";
import { type TestProject, createProject } from "../../support/studio.ts";
import { comparisonModel } from "../../support/test-models.ts";

let project: TestProject;
let models: string;

beforeEach(async () => {
  project = await createProject("", await mkdtemp(join(tmpdir(), "studio-quantize-")));
  models = join(project.directory, "models");
});
afterEach(() => rm(project.directory, { recursive: true }));

const width = 64;
const network = perceptron([width, 128, 32]);

async function place(folder: string, model: ModelProto = network): Promise<void> {
  const file = join(models, folder, "model.onnx");
  await mkdir(dirname(file), { recursive: true });
  await writeModel(file, model);
}

const quantize = (given: Partial<QuantizeInput>) =>
  quantizeVersion({
    folders: [models],
    bundled: join(project.directory, "none"),
    name: "net",
    version: null,
    output: null,
    samples: null,
    embeddings: false,
    eachRow: true,
    reduceRange: false,
    force: false,
    dryRun: false,
    budget: 20,
    signal: new AbortController().signal,
    say: () => undefined,
    ...given,
  });

/** A line of samples: one row, all zeros but for what is given by index. */
function sampleLine(given: Record<number, number>): string {
  const data = Array.from({ length: width }, (_, index) => given[index] ?? 0);
  return JSON.stringify({
    inputs: [{ name: "x", shape: [1, width], datatype: "FP32", data: [data] }],
  });
}

/** Samples whose one huge number leaves the small ones, all that counts, in less than a step. */
async function harshSamples(): Promise<string> {
  const file = join(project.directory, "harsh.jsonl");
  await writeFile(file, `${sampleLine({ 0: 1e6, 1: 1 })}\n`);
  return file;
}

/** A network to which the first number of a row means nothing. */
function deafNetwork(): ModelProto {
  const model = perceptron([width, 128, 32]);
  const [weights] = model.graph?.initializer ?? [];
  const { buffer = new ArrayBuffer(0), byteOffset = 0 } = weights?.rawData ?? {};
  new Float32Array(buffer, byteOffset, 128).fill(0);
  return model;
}

describe("an int8 version", () => {
  test("stands beside the one it was made from, with its configuration and a note", async () => {
    await place("net/2");
    await place("net/10");
    await place("net/10-int8");
    const folder = join(models, "net", "10");
    await writeFile(join(folder, "config.yaml"), "task: scoring\nlabels: [a, b]\n");
    await writeFile(join(folder, "tokenizer.json"), "{}");
    await writeFile(join(folder, "SHA256SUMS"), "not of the new version");
    const output = join(models, "net", "11");
    const report = await quantize({ output });
    expect(report).toMatchObject({ version: "10", output: join(output, "model.onnx"), next: null });
    expect((await readdir(output)).toSorted()).toEqual([
      "config.yaml",
      "model.onnx",
      "tokenizer.json",
    ]);
    const note = await readFile(join(output, "config.yaml"), "utf8");
    const bytes = await readFile(join(folder, "model.onnx"));
    expect(note).toContain("from version 10 of net");
    expect(note).toContain(createHash("sha256").update(bytes).digest("hex"));
    expect(note).toContain("\ntask: scoring\nlabels: [a, b]\n");
    expect(await readdir(join(models, "net"))).toEqual(["10", "10-int8", "11", "2"]);
  });

  test("is reported with sizes, speeds and differences", async () => {
    await place("net/1");
    const report = await quantize({ version: "1" });
    expect(report.bytes.after / report.bytes.before).toBeLessThan(0.4);
    const { before, after, ratio } = report.itemsPerSecond;
    expect(Math.min(before, after)).toBeGreaterThan(0);
    expect(ratio).toBeCloseTo(after / before, 9);
    expect(report.difference).toMatchObject({ samples: "generated", outputs: [{ output: "y" }] });
    expect(report.difference.cosine).toBeGreaterThan(0.99);
    expect(report.batches).toMatchObject({ rows: 8 });
    expect(report.batched).toEqual({ before: true, after: true });
    expect(report.quantized).toHaveLength(2);
  });

  test("with one scale for all rows is told not to be batched", async () => {
    await place("net/1");
    const report = await quantize({ eachRow: false, dryRun: true });
    expect(report.batched).toEqual({ before: true, after: false });
    expect(report.notes.join()).toContain("The daemon batches the original and not this version");
  });

  test("whose outputs differ too much is not kept, unless it is forced", async () => {
    await place("net/1", deafNetwork());
    const samples = await harshSamples();
    const report = await quantize({ samples });
    expect(report).toMatchObject({ output: null, difference: { samples: "given" } });
    expect(report.difference.cosine).toBeLessThan(0.99);
    expect(await readdir(join(models, "net"))).toEqual(["1"]);
    expect((await quantize({ samples, force: true })).output).not.toBeNull();
    expect(await readdir(join(models, "net"))).toEqual(["1", "1-int8"]);
  });

  test("is not written by a dry run, nor over something, nor after an interruption", async () => {
    await place("net/1");
    expect((await quantize({ dryRun: true })).output).toBeNull();
    await expect(quantize({ signal: AbortSignal.abort("SIGINT") })).rejects.toBe("SIGINT");
    expect(await readdir(join(models, "net"))).toEqual(["1"]);
    await quantize({});
    await expect(quantize({})).rejects.toThrow("something at");
    expect((await quantize({ dryRun: true })).output).toBeNull();
    expect(await readdir(join(models, "net"))).toEqual(["1", "1-int8"]);
  });

  test("of a folder with weights beside its model has what it keeps of them in its own", async () => {
    const whole = encoder({ layers: 1, width: 64, heads: 4, vocabulary: 200 });
    const { model, chunks } = moveOut(whole, "model.onnx_data", 4096);
    await place("net/onnx", model);
    await writeFile(join(models, "net", "config.json"), "{}");
    await writeChunks(join(models, "net", "onnx", "model.onnx_data"), chunks);
    const report = await quantize({});
    expect(report.difference.cosine).toBeGreaterThan(0.99);
    expect(report.next).toContain("a model of its own, net-int8");
    expect(await readdir(join(models, "net-int8", "onnx"))).toEqual(["model.onnx"]);
    expect(report.bytes.after / report.bytes.before).toBeLessThan(0.6);
    await rm(join(models, "net-int8"), { recursive: true });
    const all = await quantize({ embeddings: true });
    expect(all.bytes.after / all.bytes.before).toBeLessThan(0.4);
  });

  test("of a bundled model takes its place, and is not taken for it", async () => {
    const bundled = join(project.directory, "bundled");
    await mkdir(join(bundled, "net"), { recursive: true });
    await writeModel(join(bundled, "net", "model.onnx"), network);
    const report = await quantize({ bundled });
    expect(report.output).toBe(join(models, "net", "1-int8", "model.onnx"));
    expect(report.next).toContain("in place of the bundled net");
    await expect(quantize({ bundled })).rejects.toThrow("something at");
    await expect(quantize({ bundled, version: "2" })).rejects.toThrow("It has 1, 1-int8.");
    await expect(quantize({})).rejects.toThrow("All there is of net is int8 already: 1-int8.");
    await expect(quantize({ version: "1-int8" })).rejects.toThrow("it is quantized already");
  });

  test("of a folder without versions is a model of its own", async () => {
    await place("net/onnx");
    await writeFile(join(models, "net", "config.json"), "{}");
    const report = await quantize({});
    expect(report.output).toBe(join(models, "net-int8", "onnx", "model.onnx"));
    expect(await readdir(join(models, "net-int8"))).toEqual(["config.json", "config.yaml", "onnx"]);
  });
});

describe("what cannot be done is refused, and nothing is written", () => {
  test("a model, a version or products that are not there", async () => {
    await expect(quantize({})).rejects.toMatchObject({ code: "model.missing" });
    await expect(quantize({ name: "../net" })).rejects.toMatchObject({ code: "model.missing" });
    await place("net/1");
    await expect(quantize({ version: "2" })).rejects.toThrow("It has 1.");
    await writeFile(join(models, "net", "1", "model.onnx"), comparisonModel(2));
    await expect(quantize({})).rejects.toThrow("it has no MatMul or Gemm");
    expect(await readdir(join(models, "net"))).toEqual(["1"]);
  });

  test.each([
    ["", "holds none"],
    ["{}", "line 1.*inputs"],
    [`${sampleLine({})}\nnonsense`, "line 2"],
    [sampleLine({}).replace("FP32", "FP33"), "line 1.*datatype"],
    [sampleLine({}).replace("[1,64]", "[2,64]"), "has 64 values, its shape 128"],
    [sampleLine({}).replace('"x"', '"z"'), "does not run on sample 1"],
  ])("samples such as %.20s", async (text, message) => {
    await place("net/1");
    const samples = join(project.directory, "samples.jsonl");
    await writeFile(samples, text);
    await expect(quantize({ samples })).rejects.toThrow(new RegExp(message, "s"));
    expect(await readdir(join(models, "net"))).toEqual(["1"]);
  });

  test("a place that cannot be written to", async () => {
    await place("net/1");
    const output = join(models, "net", "1", "model.onnx", "new");
    await expect(quantize({ output })).rejects.toMatchObject({
      code: "model.unwritable",
      exitCode: 8,
    });
  });

  test("a model that is cut off, with the place where it ends", async () => {
    await place("net/1");
    const file = join(models, "net", "1", "model.onnx");
    await writeFile(file, (await readFile(file)).subarray(0, -100));
    await expect(quantize({})).rejects.toMatchObject({ code: "onnx.malformed" });
  });
});

test("studio model quantize takes a version, and ends with 4 when the outputs differ", async () => {
  await place("net/1", deafNetwork());
  const line = ["model", "quantize", "net", "--version", "1"];
  const first = await project.studio([...line, "--dry-run"]);
  expect(first.exitCode).toBe(0);
  expect(first.stdout).toContain("nothing was kept");
  const refused = await project.studio([...line, "--samples", await harshSamples(), "--json"]);
  expect(refused.exitCode).toBe(4);
  const document = JSON.parse(refused.stdout) as {
    result: { output: null };
    error: { code: string };
  };
  expect(document.error.code).toBe("model.quantize.inaccurate");
  expect(document.result.output).toBeNull();
  expect(await readdir(join(models, "net"))).toEqual(["1"]);
  const kept = await project.studio(line);
  expect([kept.exitCode, kept.stderr]).toEqual([0, expect.stringContaining("generated inputs")]);
  expect(await readdir(join(models, "net", "1-int8"))).toEqual(["config.yaml", "model.onnx"]);
});
