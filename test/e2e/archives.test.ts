import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestProject, createProject } from "../support/studio.ts";

describe("archives for other programs", () => {
  let project: TestProject;

  async function run<T>(...argv: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"]);
    expect(exitCode, `${argv.join(" ")}: ${stderr}`).toBe(0);
    return (JSON.parse(stdout) as { result: T }).result;
  }

  const at = (...names: string[]) => join(project.directory, ...names);

  beforeAll(async () => {
    project = await createProject();
    mkdirSync(at("uploads"));
    project.write("uploads/one.txt", "of one's own");
    await run("backup", "create");
  });

  afterAll(() => project.remove());

  test("hold what a snapshot holds", async () => {
    await run("backup", "export", "latest", "out.tar.gz");
    mkdirSync(at("out"));
    expect(spawnSync("tar", ["xzf", at("out.tar.gz"), "-C", at("out")]).status).toBe(0);
    expect(readFileSync(at("out", "uploads", "one.txt"), "utf8")).toBe("of one's own");
  });

  test("become snapshots, and are not taken for the environment's latest", async () => {
    mkdirSync(at("foreign"));
    project.write("foreign/two.txt", "of somebody else");
    spawnSync("tar", ["cf", at("foreign.tar"), "-C", at("foreign"), "."]);
    type Imported = { snapshot: { id: string } };
    const { snapshot } = await run<Imported>("backup", "import", "foreign.tar", "--name", "theirs");
    await run("backup", "restore", "theirs", "--target", "restored");
    expect(readFileSync(at("restored", "two.txt"), "utf8")).toBe("of somebody else");
    const shown = await run<{ snapshot: { id: string } }>("backup", "show", "latest");
    expect(shown.snapshot.id).not.toBe(snapshot.id);
  });

  test("that lead out of their folder are refused, and leave nothing", async () => {
    project.write("evil.txt", "x");
    const argv = ["cPf", at("evil.tar"), "--transform", "s,^,../../,", "evil.txt"];
    spawnSync("tar", argv, { cwd: project.directory });
    const before = (await run<unknown[]>("backup", "list")).length;
    const { exitCode, stderr } = await project.studio(["backup", "import", "evil.tar"]);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("../../evil.txt") as string]);
    expect(await run<unknown[]>("backup", "list")).toHaveLength(before);
  });
});
