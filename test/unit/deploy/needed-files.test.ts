import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { neededFiles } from "../../../src/deploy/content/needed-files.ts";

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "studio-needed-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function neededOf(packageFolder: string, ...paths: string[]): string[] {
  const root = join(folder, packageFolder);
  for (const path of paths) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "");
  }
  return neededFiles(root)
    .map((path) => relative(root, path))
    .toSorted();
}

test("of an installed package, what a program can load is kept", () => {
  const kept = [
    "LICENSE",
    "lib/binding.node",
    "lib/data.json",
    "lib/docs/page.js",
    "lib/grammar.txt",
    "lib/index.cjs",
    "lib/index.js",
    "lib/index.mjs",
    "lib/parser.wasm",
    "package.json",
  ];
  expect(neededOf("node_modules/one", ...kept)).toEqual(kept);
});

test("texts, types, tests, sources and nested packages are left out", () => {
  const paths = [
    ".eslintrc",
    ".github/workflows/ci.yml",
    "README.md",
    "deps/sqlite3.c",
    "docs/guide.js",
    "index.d.ts",
    "index.js.map",
    "node_modules/two/index.js",
    "src/index.ts",
    "test/index.js",
  ];
  expect(neededOf("node_modules/one", ...paths)).toEqual([]);
});

test("libraries of other systems are left out", () => {
  const here = `${process.platform}-${process.arch}`;
  const paths = ["darwin-arm64", "linux-arm64", "linux-x64", "win32-x64"].map(
    (name) => `prebuilds/${name}.node`,
  );
  expect(neededOf("node_modules/one", ...paths, `prebuilds/${here}.node`)).toEqual([
    `prebuilds/${here}.node`,
  ]);
});

test("a package that is linked, not installed, may run TypeScript", () => {
  expect(neededOf("packages/one", "src/index.ts")).toEqual(["src/index.ts"]);
});
