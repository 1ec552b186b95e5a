import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type TestProject, createProject, users } from "./project.ts";

const program = fileURLToPath(new URL("migrate-process.ts", import.meta.url));

let project: TestProject;

beforeEach(() => {
  project = createProject();
});

afterEach(() => project.remove());

/** Writes one migration file and migrates up, in a process of its own. */
function migrate(extension: string, text: string): { code: number | null; last: unknown } {
  writeFileSync(join(project.folder, `${users}.${extension}`), text);
  const words = [program, "sqlite:data.db", project.folder];
  const { status, stdout } = spawnSync(process.execPath, words, { encoding: "utf8" });
  return { code: status, last: JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") };
}

describe("a migration file", () => {
  test.each([
    ["throws", `\n\nthrow new Error("boom");\n`, 3],
    ["has a syntax error", `\nexport function up() {\n  const a = = 1;\n}\n`, 3],
    ["uses syntax that cannot be stripped", `\nenum Colour { Red }\nexport function up() {}\n`, 2],
  ])("that %s when loaded is refused with its line", (_case, text, line) => {
    const file = join(project.folder, `${users}.ts`);
    expect(migrate("ts", text)).toMatchObject({
      code: 2,
      last: { error: { code: "migration.invalid", details: { file, line } } },
    });
  });

  test("may be a CommonJS module", () => {
    expect(migrate("js", "module.exports = { async up() {}, compatible: true };")).toMatchObject({
      code: 0,
      last: { report: { applied: [users] } },
    });
  });
});
