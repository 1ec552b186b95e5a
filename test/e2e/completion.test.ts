import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { completionFiles, completionScripts, shells } from "../../src/cli/completion-scripts.ts";
import { binary } from "../support/studio.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let env: Record<string, string>;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-completion-"));
  mkdirSync(join(folder, "bin"));
  symlinkSync(binary, join(folder, "bin", "studio"));
  mkdirSync(join(folder, "project"));
  writeFileSync(
    join(folder, "project", "studio.yaml"),
    "name: test\nenvironments:\n  production: {}\n",
  );
  const path = [join(folder, "bin"), dirname(process.execPath), process.env["PATH"]].join(":");
  env = { PATH: path, HOME: folder, TMPDIR: tmpdir() };
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string, argv: readonly string[]) {
  return spawnSync(file, argv, { cwd: join(folder, "project"), env, encoding: "utf8" });
}

/** What bash offers at the end of a line, as it sets the variables of a completion function. */
function bashOffers(line: readonly string[]): string[] {
  const script =
    `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _studio; ` +
    'printf "%s\\n" "${COMPREPLY[@]}"';
  const words = [join(root, completionFiles.bash), ...line];
  const { stdout, stderr } = run("bash", ["-c", script, "bash", ...words]);
  expect(stderr).toBe("");
  return stdout.split("\n").filter((word) => word !== "");
}

describe("completion scripts", () => {
  test.each(shells)("the committed one of %s is what studio prints", (shell) => {
    const { stdout, status } = run("studio", ["completion", shell]);
    expect(status).toBe(0);
    expect(stdout).toBe(completionScripts[shell]);
    // Drift is mended by: studio completion SHELL > completions/FILE
    expect(readFileSync(join(root, completionFiles[shell]), "utf8")).toBe(stdout);
  });

  test("a shell without one is a usage error that names those with one", () => {
    const { stdout, stderr, status } = run("studio", ["completion", "tcsh"]);
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toContain("bash, zsh, fish");
  });

  test.each(shells)("%s accepts its script", (shell) => {
    if (run(shell, ["-c", "true"]).error !== undefined) {
      process.stderr.write(`The ${shell} script is not tried: ${shell} is not installed.\n`);
      return;
    }
    const { stderr, status } = run(shell, ["-n", join(root, completionFiles[shell])]);
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

describe("bash", () => {
  test("completes commands and the commands of a group", () => {
    expect(bashOffers(["studio", ""])).toEqual(expect.arrayContaining(["deploy", "backup"]));
    expect(bashOffers(["studio", ""]).filter((word) => word.startsWith("_"))).toEqual([]);
    expect(bashOffers(["studio", "backup", "ver"])).toEqual(["verify"]);
  });

  test("completes options, and the values of those that have some", () => {
    expect(bashOffers(["studio", "backup", "restore", "--conf"])).toContain("--conflict");
    expect(bashOffers(["studio", "completion", "z"])).toEqual(["zsh"]);
    expect(bashOffers(["studio", "status", "--env", "prod"])).toEqual(["production"]);
  });

  test("completes a value behind an equals sign, which it takes for a word of its own", () => {
    expect(bashOffers(["studio", "--env", "=", "prod"])).toEqual(["production"]);
    expect(bashOffers(["studio", "--env", "="])).toContain("production");
  });

  test("offers nothing of its own where files are meant, and is told to fall back on them", () => {
    expect(bashOffers(["studio", "--config", ""])).toEqual([]);
    const script = `source "$1"; complete -p studio`;
    const { stdout } = run("bash", ["-c", script, "bash", join(root, completionFiles.bash)]);
    expect(stdout).toContain("-o default");
  });
});
