import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeStamp } from "../../src/config/project-memory.ts";
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

/** The packages that a command loads. */
function packagesOf(cwd: string, ...argv: string[]): string[] {
  const { stderr } = spawnSync(process.execPath, ["--import", hooks, binary, ...argv], {
    cwd,
    env: { HOME: folder, TMPDIR: tmpdir(), PATH: process.env["PATH"] },
    encoding: "utf8",
  });
  const names = stderr.split("\n").filter((line) => line.startsWith("package "));
  return [...new Set(names.map((line) => line.slice("package ".length)))].toSorted();
}

const commands = [
  ["backup", "list"],
  ["config", "show"],
  ["deploy", "--dry-run"],
  ["doctor"],
  ["history"],
  ["migrate", "status"],
  ["model", "list"],
  ["status"],
];

test("completion loads no package at all", () => {
  expect(packagesOf(folder, "__complete", "")).toEqual([]);
});

describe("in a folder without state", () => {
  test.each([["--help"], ...commands])("studio %s %s loads no package to speak of", (...argv) => {
    const known = ["commander"];
    expect(packagesOf(folder, ...argv).filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe("in a project that was looked at before", () => {
  const project = join(folder, "project");

  beforeAll(async () => {
    // Code that was written just now remembers nothing.
    while (!codeStamp().settled) await sleep(200);
    mkdirSync(join(project, ".studio"), { recursive: true, mode: 0o700 });
    writeFileSync(join(project, "studio.yaml"), "name: one\nserve: { port: 18971 }\n");
    packagesOf(project, "status");
  });

  test.each(commands)(
    "studio %s %s loads neither parser nor schema nor query builder",
    (...argv) => {
      const known = ["better-sqlite3", "commander"];
      expect(packagesOf(project, ...argv).filter((name) => !known.includes(name))).toEqual([]);
    },
  );
});
