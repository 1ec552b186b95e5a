import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { processesOf } from "../support/processes.ts";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

const folder = mkdtempSync(join(tmpdir(), "studio-full-disk-"));
const mounted = mountSmallDisk();

/** A file system of its own, in memory: tells whether it can be had. */
function mountSmallDisk(): boolean {
  const argv = ["-t", "tmpfs", "-o", "size=700m", "tmpfs", folder];
  const { status, stderr, error } = spawnSync("mount", argv, { encoding: "utf8" });
  if (status === 0) return true;
  process.stderr.write(`full disk tests skipped: ${error?.message ?? stderr.trim()}\n`);
  rmSync(folder, { recursive: true });
  return false;
}

const settings = `${quickSettings}  require: { disk: 1MB }\n`;
/** Takes every block that is left. */
const fill = "head -c 1000000000 /dev/zero > filler 2>/dev/null || true";

describe.skipIf(!mounted)("on a small disk that is full", () => {
  let project: TestProject;

  beforeAll(async () => {
    mkdirSync(join(folder, "project"));
    project = await createProject(settings, join(folder, "project"));
    const { exitCode, stderr } = await project.studio(["deploy"]);
    expect(exitCode, stderr).toBe(0);
  }, 120_000);

  afterAll(async () => {
    rmSync(join(project.directory, "filler"), { force: true });
    await project.remove();
    spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true });
  }, 180_000);

  async function serving(): Promise<string> {
    const { stdout } = await project.studio(["status", "--json"]);
    return (JSON.parse(stdout) as { result: { serving: { release: string } } }).result.serving
      .release;
  }

  test("a deploy is refused before it begins, and the release goes on", async () => {
    const release = await serving();
    spawnSync("sh", ["-c", fill], { cwd: project.directory });
    const { exitCode, stderr } = await project.studio(["deploy"]);
    rmSync(join(project.directory, "filler"));
    expect([exitCode, stderr]).toEqual([8, expect.stringContaining("disk") as string]);
    expect((await fetch(`${project.url}/health/live`)).status).toBe(200);
    expect(await serving()).toBe(release);
  }, 180_000);

  test("a deploy under which it fills up is undone, and the next one works", async () => {
    const release = await serving();
    // More than what is held in reserve for an undo.
    mkdirSync(join(project.directory, "uploads"));
    project.write("uploads/video", randomBytes(100_000_000).toString("latin1"));
    project.write("studio.yaml", `${settings}  hooks: { before: ['${fill}'] }\n`);
    const { exitCode, stderr } = await project.studio(["deploy"]);
    expect([exitCode, stderr]).toEqual([5, expect.stringContaining("has no room left") as string]);
    expect(existsSync(join(project.directory, "filler"))).toBe(true);
    const answer = await fetch(`${project.url}/health/live`, { headers: { connection: "close" } });
    expect(answer.headers.get("x-studio-release")).toBe(release);
    rmSync(join(project.directory, "filler"));
    project.write("studio.yaml", settings);
    expect(await serving()).toBe(release);
    expect(processesOf(project.directory)).toHaveLength(2);
    expect((await project.studio(["deploy"])).exitCode).toBe(0);
  }, 120_000);
});
