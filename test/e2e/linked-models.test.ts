import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isIdentifier } from "../../src/identifier.ts";
import { packageRoot } from "../../src/package-root.ts";
import { type TestProject, createProject } from "../support/studio.ts";

let project: TestProject;
let elsewhere: string;

beforeAll(async () => {
  project = await createProject();
  // Models are large: they often lie on a disk of their own.
  elsewhere = mkdtempSync(join(tmpdir(), "studio-models-"));
  mkdirSync(join(elsewhere, "greeting"));
  const bundled = join(packageRoot, "src/inference/bundled/language");
  const filter = (path: string) => !path.startsWith(join(bundled, "build"));
  cpSync(bundled, join(elsewhere, "greeting", "1"), { recursive: true, filter });
  // What is about all versions lies above them, and a folder of Hugging Face has none.
  writeFileSync(join(elsewhere, "greeting", "config.yaml"), "versions: 1\ntask: greeting\n");
  mkdirSync(join(elsewhere, "whole", "onnx"), { recursive: true });
  cpSync(join(bundled, "model.onnx"), join(elsewhere, "whole", "onnx", "model.onnx"));
  writeFileSync(join(elsewhere, "whole", "config.json"), "{}");
  symlinkSync(elsewhere, join(project.directory, "models"));
});

afterAll(async () => {
  await project.remove();
  rmSync(elsewhere, { recursive: true, force: true });
}, 180_000);

test("models behind a symbolic link are deployed; a backup keeps the link, is complete and says so", async () => {
  const told = expect.stringContaining(`models is a symbolic link to ${elsewhere}`);
  const deploy = await project.studio(["deploy", "--json"]);
  expect(deploy.exitCode, deploy.stderr).toBe(0);
  expect(JSON.parse(deploy.stdout).warnings).toContainEqual(told);
  const models = await fetch(`${project.url}/api/v1/system/info`);
  const served = ((await models.json()) as { models: { name: string; ready: boolean }[] }).models;
  expect(served).toMatchObject([
    { name: "embedding", ready: true },
    { name: "greeting", version: "1", ready: true },
    { name: "language", ready: true },
    { name: "whole", version: "1", ready: true },
  ]);
  const release = readdirSync(join(project.directory, ".studio/releases")).find(isIdentifier) ?? "";
  const kept = readdirSync(join(project.directory, ".studio/releases", release, "models"), {
    recursive: true,
  });
  expect(kept).toEqual(
    expect.arrayContaining(["greeting/config.yaml", "whole/1/config.json", "whole/1/onnx"]),
  );
  const backup = await project.studio(["backup", "create", "--set", "models", "--json"]);
  expect(backup.exitCode, backup.stderr).toBe(0);
  expect(JSON.parse(backup.stdout)).toMatchObject({
    ok: true,
    warnings: expect.arrayContaining([told]) as string[],
  });
}, 180_000);
