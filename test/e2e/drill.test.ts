import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

interface Drill {
  ok: boolean;
  recovery: number;
  files: number;
  databases: { label: string; tables: Record<string, number> | null }[];
  models: string[];
  planted: { path: string; noticed: boolean };
  problems: string[];
  recorded: boolean;
}

const model = join(import.meta.dirname, "../../src/inference/bundled/language/model.onnx");

describe("a drill", () => {
  let project: TestProject;
  let snapshot: string;

  async function run<T>(...argv: string[]): Promise<{ result: T; exitCode: number | null }> {
    const { exitCode, stdout } = await project.studio([...argv, "--json"]);
    return { result: (JSON.parse(stdout) as { result: T }).result, exitCode };
  }

  beforeAll(async () => {
    project = await createProject(quickSettings);
    mkdirSync(join(project.directory, "models", "mine", "1"), { recursive: true });
    copyFileSync(model, join(project.directory, "models", "mine", "1", "model.onnx"));
    mkdirSync(join(project.directory, "uploads"));
    project.write("uploads/note.txt", "kept");
    expect((await project.studio(["migrate", "up"])).exitCode).toBe(0);
    const created = await run<{ snapshot: { id: string } }>("backup", "create");
    snapshot = created.result.snapshot.id;
  }, 60_000);

  afterAll(() => project.remove());

  test("restores files and databases, runs the models and notices planted damage", async () => {
    const { result, exitCode } = await run<Drill>("backup", "drill");
    expect([exitCode, result.problems]).toEqual([0, []]);
    expect(result).toMatchObject({ ok: true, recorded: true, planted: { noticed: true } });
    expect(result.models).toEqual(["models/mine/1/model.onnx"]);
    const tables = result.databases.find(({ label }) => label === "database")?.tables;
    expect(Object.keys(tables ?? {})).toContain("studio_migrations");
    expect(result.recovery).toBeGreaterThan(0);
    expect(result.files).toBeGreaterThanOrEqual(3);
  }, 60_000);

  test("is shown by the list, and leaves nothing but its evidence", async () => {
    type Row = { id: string; drill: { ok: boolean; at: string } | null };
    const { result } = await run<Row[]>("backup", "list");
    expect(result).toMatchObject([{ id: snapshot, drill: { ok: true } }]);
    const cache = join(project.directory, ".studio", "cache", "backup");
    expect(readdirSync(cache).filter((name) => /verify|drill|restore/.test(name))).toEqual([]);
  });

  test("notices damage wherever it is planted", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { result } = await run<Drill>("backup", "drill");
      expect(result.planted, JSON.stringify(result.planted)).toMatchObject({ noticed: true });
    }
  }, 60_000);

  test("that finds a model that does not run, or damage, ends with exit code 4", async () => {
    project.write("models/mine/1/model.onnx", "no model");
    await run("backup", "create");
    const broken = await run<Drill>("backup", "drill");
    expect(broken.exitCode).toBe(4);
    expect(broken.result.problems).toEqual([expect.stringContaining("mine/1/model.onnx")]);

    const objects = join(project.directory, ".studio", "backups", "objects");
    const files = readdirSync(objects, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.includes("page"))
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files) {
      const bytes = readFileSync(file);
      bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
      writeFileSync(file, bytes);
    }
    const damaged = await run<Drill>("backup", "drill", snapshot);
    expect(damaged.exitCode).toBe(4);
    expect(damaged.result.problems.length).toBeGreaterThan(0);
    const { result } = await run<{ id: string; drill: { ok: boolean } }[]>("backup", "list");
    expect(result.find(({ id }) => id === snapshot)?.drill).toMatchObject({ ok: false });
    expect(existsSync(join(project.directory, "uploads/note.txt"))).toBe(true);
  }, 60_000);
});
