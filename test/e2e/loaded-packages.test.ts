import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { binary, collect } from "../support/studio.ts";

const hook = resolve(import.meta.dirname, "../support/report-packages.ts");

/** Reads and checks the settings, where nothing is remembered of them. */
const settings = ["commander", "yaml", "zod"];

/** What each command may load in an empty folder. Everything else there is takes longer to load. */
const cases: [line: string, packages: string[]][] = [
  ["--version", []],
  ["__complete backup ", []],
  ["help deploy", ["commander"]],
  ["completion bash", ["commander"]],
  ["no-such-command", ["commander"]],
  ["init --name test --dry-run", settings],
  ["config show", settings],
  ["status", settings],
  ["history", settings],
  ["doctor", settings],
  ["rollback", settings],
  ["backup list", settings],
  ["migrate status", settings],
  ["model list", settings],
  ["bench", settings],
  ["bench list", settings],
  ["bench report", settings],
  ["deploy --dry-run", settings],
];

const folder = mkdtempSync(join(tmpdir(), "studio-loaded-"));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.concurrent.each(cases)("studio %s loads only what it needs", async (line, allowed) => {
  const cwd = mkdtempSync(join(folder, "empty-"));
  const PACKAGES_FILE = join(folder, `${line.replaceAll(/\W/g, "-")}.txt`);
  const child = spawn(process.execPath, ["--import", hook, binary, ...line.split(" ")], {
    cwd,
    // A temporary folder of its own: nothing is remembered there.
    env: { PATH: process.env["PATH"], HOME: cwd, TMPDIR: cwd, PACKAGES_FILE },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { exitCode, stderr } = await collect(child);
  expect([0, 2], stderr).toContain(exitCode);
  const loaded = readFileSync(PACKAGES_FILE, "utf8").split("\n");
  expect(loaded.filter((name) => name !== "" && !allowed.includes(name))).toEqual([]);
});
