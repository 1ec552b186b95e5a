import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadProject } from "../../../src/config/project.ts";
import { listProjectFiles } from "../../../src/remote/files/project-files.ts";
import { namedVariables } from "../../../src/remote/variables.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-files-"));
  put(
    "studio.yaml",
    "name: shop\nlog: { level: '${SHOP_LEVEL:-info}' }\n" +
      "variables: { file: .env.production, required: [SHOP_TOKEN] }\n" +
      "database: { url: { env: SHOP_DATABASE } }\n" +
      "serve: { auth: { metricsToken: { file: keys/jwt } } }\n",
  );
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = path): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const loaded = () => loadProject({ cwd: folder, env: {}, lenient: true });

async function listed(): Promise<Record<string, string>> {
  const files = await listProjectFiles(await loaded(), process.env);
  return Object.fromEntries(files.map(({ path, kind }) => [path, kind]));
}

function fill(): void {
  for (const path of ["app/main.py", "app/node_modules/x.js", ".studio/state.db", ".env"])
    put(path);
  for (const path of [".env.production", "keys/jwt", "models/m/1/model.onnx", "out.log"]) put(path);
}

test("git says which files are the project's; models and named secrets go with them", async () => {
  fill();
  put(".gitignore", "*.log\nmodels/\n.env*\nkeys/\n.studio/\n");
  spawnSync("git", ["init", "-q", folder]);
  expect(await listed()).toEqual({
    ".env.production": "secret",
    ".gitignore": "project",
    "app/main.py": "project",
    "keys/jwt": "secret",
    "models/m/1/model.onnx": "model",
    "studio.yaml": "project",
  });
});

test("without git all files go but state, packages and other files of variables", async () => {
  fill();
  expect(Object.keys(await listed())).toEqual([
    ".env.production",
    "app/main.py",
    "keys/jwt",
    "models/m/1/model.onnx",
    "out.log",
    "studio.yaml",
  ]);
});

test("links are followed, and never in circles", async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "studio-elsewhere-"));
  writeFileSync(join(elsewhere, "model.onnx"), "weights");
  mkdirSync(join(folder, "models"));
  symlinkSync(elsewhere, join(folder, "models", "m"));
  symlinkSync("..", join(folder, "models", "round"));
  expect(Object.keys(await listed())).toContain("models/m/model.onnx");
  rmSync(elsewhere, { recursive: true });
});

test("only variables that the project names are taken along", async () => {
  const env = {
    SHOP_TOKEN: "a",
    SHOP_DATABASE: "b",
    SHOP_LEVEL: "warn",
    DATABASE_URL: "of a desk",
  };
  const named = namedVariables(await loaded(), { ...env, HOME: "/root", SHOP_OTHER: "x" });
  expect(named).toEqual({ SHOP_TOKEN: "a", SHOP_DATABASE: "b", SHOP_LEVEL: "warn" });
});
