import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { loadProject } from "../../../src/config/project.ts";
import { missingIgnoreLines, planStartingFiles } from "../../../src/initialise/starting-files.ts";
import { writeStartingFiles } from "../../../src/initialise/write-starting-files.ts";
import { packageRoot } from "../../../src/package-root.ts";

const ignoreLines = ".studio/\n.env\n.env.*\n!.env.example\nbackup-key.txt\n";
const templates = join(packageRoot, "templates");

async function emptyFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "studio-init-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

test("what is written is a valid project of that name", async () => {
  const folder = await emptyFolder();
  writeStartingFiles(planStartingFiles({ folder, templates, name: "shop" }));
  const project = await loadProject({ cwd: folder, env: {} });
  expect(project).toMatchObject({ name: "shop", file: join(folder, "studio.yaml") });
  expect(readFileSync(join(folder, ".env.example"), "utf8")).not.toContain("{{");
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe(ignoreLines);
});

test("a second time there is nothing to do", async () => {
  const folder = await emptyFolder();
  writeStartingFiles(planStartingFiles({ folder, templates, name: "shop" }));
  const again = planStartingFiles({ folder, templates, name: "shop" });
  expect(again.map((file) => file.action)).toEqual(["keep", "keep", "keep"]);
});

test("a file of one's own is planned as replaced, a .gitignore as added to", async () => {
  const folder = await emptyFolder();
  writeFileSync(join(folder, "studio.yaml"), "name: mine\n");
  writeFileSync(join(folder, ".gitignore"), "dist/");
  const planned = planStartingFiles({ folder, templates, name: "shop" });
  expect(planned.map((file) => file.action)).toEqual(["append", "replace", "write"]);
  writeStartingFiles(planned);
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe(`dist/\n${ignoreLines}`);
});

test("a file that appeared since the plan is not overwritten", async () => {
  const folder = await emptyFolder();
  const planned = planStartingFiles({ folder, templates, name: "shop" });
  writeFileSync(join(folder, "studio.yaml"), "name: mine\n");
  expect(() => writeStartingFiles(planned)).toThrow("could not be written");
  expect(readFileSync(join(folder, "studio.yaml"), "utf8")).toBe("name: mine\n");
});

test("a name that studio.yaml could not hold is refused", async () => {
  const folder = await emptyFolder();
  expect(() => planStartingFiles({ folder, templates, name: "My Shop" })).toThrow("My Shop");
});

test("lines that are ignored already are not added, and line ends are kept", () => {
  expect(missingIgnoreLines("/.studio\n.env\n/.env.*\n!/.env.example\nbackup-key.txt\n")).toBe("");
  expect(missingIgnoreLines("dist\r\n.env\r\n.env.*\r\n!.env.example\r\nbackup-key.txt\r\n")).toBe(
    ".studio/\r\n",
  );
});

test.each(["", "!.env.example\n", ".env.*\n", "node_modules/\n.env"])(
  "git then ignores state and secrets, and keeps the example: %j",
  async (before) => {
    const folder = await emptyFolder();
    writeFileSync(join(folder, ".gitignore"), before + missingIgnoreLines(before));
    execFileSync("git", ["init", "--quiet"], { cwd: folder });
    const ignores = (path: string) =>
      spawnSync("git", ["check-ignore", "--quiet", path], { cwd: folder }).status === 0;
    for (const path of [
      ".studio/state.db",
      ".env",
      ".env.production",
      "api/.env.local",
      "backup-key.txt",
    ]) {
      expect(ignores(path), path).toBe(true);
    }
    for (const path of [".env.example", "studio.yaml", "models/a/1/model.onnx"]) {
      expect(ignores(path), path).toBe(false);
    }
  },
);
