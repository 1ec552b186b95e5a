import { cpSync, mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packageRoot } from "../../src/package-root.ts";
import { type TestProject, createProject, freePort } from "../support/studio.ts";

const bundled = join(packageRoot, "src/inference/bundled/language/model.onnx");
let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  cpSync(bundled, join(project.directory, "words.onnx"));
});

afterAll(() => rmSync(project.directory, { recursive: true, force: true }));

async function studio(...argv: string[]) {
  const { exitCode, stdout, stderr } = await project.studio(["--json", "model", ...argv]);
  const document = JSON.parse(stdout) as {
    result: unknown;
    warnings: string[];
    error: { code: string; message: string } | null;
  };
  expect(stderr).not.toContain("This is a bug");
  return { exitCode, ...document };
}

const bundledModels = ["embedding", "language"].map((name) => {
  return { name, isDefault: true, source: "bundled" };
});

test("a model is fetched, listed, inspected and verified, and refused once it is damaged", async () => {
  const pulled = await studio("pull", "words.onnx");
  expect(pulled).toMatchObject({ exitCode: 0, result: { name: "words", version: "1" } });
  expect((await studio("pull", "words.onnx", "--version", "3")).exitCode).toBe(0);
  expect(await studio("list")).toMatchObject({
    exitCode: 0,
    result: {
      models: [
        ...bundledModels,
        { name: "words", version: "3", isDefault: true, served: true, source: "project" },
        { name: "words", version: "1", isDefault: false },
      ],
    },
  });
  expect(await studio("inspect", "words", "--version", "1")).toMatchObject({
    exitCode: 0,
    result: {
      version: "1",
      manifest: join(project.directory, "models/words/1/SHA256SUMS"),
      model: { inputs: [{ name: "features", type: "float32", dims: ["N", 8192] }] },
    },
  });
  expect(await studio("verify", "words")).toMatchObject({
    exitCode: 0,
    result: { models: [{ ok: true }, { ok: true }] },
  });
  truncateSync(join(project.directory, "models/words/1/model.onnx"), 5000);
  const damaged = await studio("verify");
  expect(damaged).toMatchObject({ exitCode: 4, error: { code: "model.unfit" } });
  expect(damaged.error?.message).toBe("Not fit to be served: words 1.");
  expect((await studio("inspect", "words", "--version", "1")).exitCode).toBe(2);
  // A deploy takes nothing that is broken.
  const deploy = await project.studio(["deploy", "--json"]);
  expect(deploy.exitCode).toBe(2);
  expect(deploy.stdout).toContain('"model.manifest"');
}, 120_000);

test("what is wrong with a pull shows in its exit code, and leaves the models as they were", async () => {
  const before = (await studio("list")).result;
  const port = await freePort();
  writeFileSync(join(project.directory, "page.onnx"), "<!doctype html>");
  for (const [argv, exitCode, code] of [
    [["words.onnx", "--version", "3"], 2, "pull.exists"],
    [["page.onnx"], 2, "pull.source"],
    [["words.onnx", "--sha256", "0".repeat(64)], 4, "pull.checksum"],
    [["words.onnx", "--max-size", "10KB"], 2, "pull.size"],
    [["words.onnx", "--name", "../words"], 2, "pull.name"],
    [["words.onnx", "--max-size", "ten"], 2, "usage"],
    [[`http://127.0.0.1:${port}/words.onnx`], 8, "pull.download"],
  ] as const) {
    expect(await studio("pull", ...argv), argv.join(" ")).toMatchObject({
      exitCode,
      error: { code },
    });
  }
  expect((await studio("list")).result).toEqual(before);
}, 180_000);

test("a model that is broken as a whole is told of, and the others are listed", async () => {
  mkdirSync(join(project.directory, "models/odd/1"), { recursive: true });
  cpSync(bundled, join(project.directory, "models/odd/1/model.onnx"));
  writeFileSync(join(project.directory, "models/odd/config.yaml"), "defaultVersion: 9\n");
  const { exitCode, result, warnings } = await studio("list");
  expect(exitCode).toBe(0);
  expect(warnings.join()).toMatch(/odd\/config\.yaml .* names version 9/);
  expect(result).toMatchObject({
    models: [...bundledModels, { name: "words" }, { name: "words" }],
  });
  expect(await studio("verify", "odd")).toMatchObject({
    exitCode: 2,
    error: { code: "model.config" },
  });
}, 60_000);
