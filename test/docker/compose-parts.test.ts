import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { startLoad } from "../support/docker/load.ts";
import { type StackProject, stackSettings } from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { kill, succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

/** A second service that is switched with the application. */
function addWorker(project: StackProject): void {
  const file = JSON.parse(readFileSync(join(project.directory, "compose.yaml"), "utf8"));
  file.services.worker = file.services.api;
  project.write("compose.yaml", JSON.stringify(file));
}

describe.skipIf(missing !== null)(`a release of two services${skipped(missing)}`, () => {
  const project = deployedStack();

  async function deployNext(): Promise<string> {
    const { stdout } = await succeed(project, [...deploy, "--json"]);
    return JSON.parse(stdout).result.release;
  }

  beforeAll(() => {
    project.write("studio.yaml", stackSettings().replace("keepReleases: 2", "keepReleases: 4"));
    addWorker(project);
  });

  test("is returned to without a lost request, though one of them was left in the colour that serves", async () => {
    const first = await deployNext();
    await deployNext();
    project.configure({});
    const last = await deployNext();
    expect(await serving(project)).toBe(last);
    const load = startLoad(project.url);
    await succeed(project, ["rollback", first, "--skip-gate", "--skip-backup"]);
    const { failures, answered } = await load.stop();
    expect(failures).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await serving(project)).toBe(first);
  }, 300_000);

  test("that runs in part is told of, and is made whole by up while the other part serves", async () => {
    const name = (service: string) =>
      project.running().find((one) => one.includes(`-${service}-`)) ?? "";
    const api = name("api");
    execFileSync("docker", ["kill", name("worker")]);
    const status = await project.studio(["status"]);
    expect(status.exitCode).toBe(4);
    expect(status.stderr).toContain("runs only in part");
    expect(status.stderr).toContain("studio up");
    // What is left can still be turned away from, and let in again.
    for (const [word, answer] of [
      ["on", 503],
      ["off", 200],
    ] as const) {
      await succeed(project, ["maintenance", word]);
      expect((await fetch(project.url)).status).toBe(answer);
    }
    const load = startLoad(project.url);
    await succeed(project, ["up"]);
    expect((await load.stop()).failures).toEqual([]);
    expect(name("worker")).not.toBe("");
    expect(name("api")).toBe(api);
    await succeed(project, ["status"]);
  }, 120_000);

  test("turns the public away, and lets it in, though studio was killed before the proxy was told", async () => {
    for (const [word, status] of [
      ["on", 503],
      ["off", 200],
    ] as const) {
      const point = { name: "maintenance/reload:before", nth: 1 };
      await kill(project, ["maintenance", word], point, `maintenance ${word}`);
      await succeed(project, ["resume"]);
      expect((await fetch(project.url)).status, word).toBe(status);
    }
  }, 120_000);

  test("lets the public in when it comes up, though studio was killed before the proxy was told", async () => {
    const before = await serving(project);
    await succeed(project, ["down"]);
    await kill(project, ["up"], { name: "switch/reload:before", nth: 1 }, "up");
    await succeed(project, ["resume"]);
    expect(await serving(project)).toBe(before);
  }, 120_000);
});
