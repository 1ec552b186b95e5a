import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { snapshotCode } from "../../../src/deploy/content/code-files.ts";
import { buildView, keepContent } from "../../../src/deploy/content/content-store.ts";
import { openHashCache } from "../../../src/deploy/content/hash-cache.ts";
import { packageRoot } from "../../../src/package-root.ts";

let folder: string;
let view: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "studio-kept-code-"));
  view = join(folder, "code");
  const store = { folder, hashes: openHashCache(join(folder, "hashes.json")) };
  const code = await snapshotCode(store, store.folder);
  for (const file of code.files)
    await keepContent(store, file, join(code.base, file.path), () => {});
  buildView(store, code.files, view, [], () => {});
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(...argv: string[]) {
  const env = { HOME: folder, TMPDIR: tmpdir(), PATH: process.env["PATH"] };
  return spawnSync(process.execPath, argv, { cwd: view, env, encoding: "utf8" });
}

test("every dependency can be loaded from the code that a release keeps", () => {
  const manifest = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  const names = Object.keys(manifest.dependencies);
  // One of them is nothing but data.
  const script = `for (const name of ${JSON.stringify(names)}) {
    const type = import.meta.resolve(name).endsWith(".json") ? { with: { type: "json" } } : {};
    await import(name, type);
  }`;
  const { stderr, status } = run("--input-type=module", "--eval", script);
  expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
});

test("the kept code runs", () => {
  const { stderr, status } = run(join(view, "bin", "studio.js"), "doctor", "--json");
  expect(stderr).not.toContain("This is a bug");
  expect([0, 4]).toContain(status);
});
