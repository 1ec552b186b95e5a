import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { binary } from "../support/studio.ts";

const folder = mkdtempSync(join(tmpdir(), "studio-start-up-"));
const hooks = join(folder, "hooks.mjs");
writeFileSync(
  hooks,
  `import { registerHooks } from "node:module";
  registerHooks({ load(url, context, next) {
    const [, name] = /node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(url) ?? [];
    if (name !== undefined) process.stderr.write("package " + name + "\\n");
    return next(url, context);
  } });`,
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The packages that a command loads in an empty folder. */
function packagesOf(...argv: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", hooks, binary, ...argv], {
    cwd: folder,
    env: { HOME: folder, PATH: process.env["PATH"] },
    encoding: "utf8",
  });
  const names = stderr.split("\n").filter((line) => line.startsWith("package "));
  return [...new Set(names.map((line) => line.slice("package ".length)))].toSorted();
}

test("completion loads no package at all", () => {
  expect(packagesOf("__complete", "")).toEqual([]);
});

test.each([["--help"], ["backup", "list"], ["config", "show"]])(
  "studio %s %s loads the parser of command lines and nothing else",
  (...argv) => {
    expect(packagesOf(...argv)).toEqual(["commander"]);
  },
);

test.each([["history"], ["migrate", "status"], ["deploy", "--dry-run"]])(
  "studio %s %s loads no package beside the database's",
  (...argv) => {
    const known = ["better-sqlite3", "commander"];
    expect(packagesOf(...argv).filter((name) => !known.includes(name))).toEqual([]);
  },
);
