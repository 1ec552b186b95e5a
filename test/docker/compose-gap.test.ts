import { describe, expect, test } from "vitest";
import { deployedStack } from "../support/docker/deployed-stack.ts";
import { deploy, rollback, serving } from "../support/docker/stack-words.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import { stackSettings } from "../support/docker/stack-project.ts";
import { succeed } from "../support/kill-rounds.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a stack without a proxy${skipped(missing)}`, () => {
  const project = deployedStack({ front: null });

  test("is told in the plan that there will be a gap, why, and how long", async () => {
    const { stdout } = await succeed(project, [...deploy, "--dry-run", "--json"]);
    const { remarks, steps } = JSON.parse(stdout).result.plan;
    expect(remarks[0]).toContain("There will be a gap: api publishes host port");
    expect(remarks[0]).toContain("at most 10s");
    expect(steps).toContainEqual(expect.stringMatching(/^Stop release \S+, and start release/));
  }, 120_000);

  test("is deployed and rolled back, and what the public missed is counted", async () => {
    const first = await serving(project);
    const result = JSON.parse((await succeed(project, [...deploy, "--json"])).stdout).result;
    expect(await serving(project)).toBe(result.release);
    expect(result.probe.failed).toBeGreaterThan(0);
    expect(result.probe.requests).toBeGreaterThan(result.probe.failed);
    await succeed(project, rollback);
    expect(await serving(project)).toBe(first);
  }, 300_000);

  test("has its release again when the next one does not become healthy", async () => {
    const before = await serving(project);
    project.write("studio.yaml", stackSettings({ timeout: "4s" }));
    project.configure({ SICK: "1" });
    const failed = await project.studio(deploy);
    project.configure({});
    project.write("studio.yaml", stackSettings());
    expect(failed.exitCode, failed.stderr).toBe(5);
    expect(await serving(project)).toBe(before);
  }, 300_000);

  test("cannot tell the public to come back later, and says so", async () => {
    const failed = await project.studio(["maintenance", "on"]);
    expect(failed.exitCode, failed.stderr).not.toBe(0);
    expect(failed.stderr).toContain("has no proxy that could tell the public");
    expect(await serving(project)).not.toBeNull();
  }, 120_000);

  test("is refused with the line to change where the operator wants no gap", async () => {
    project.write("studio.yaml", `${stackSettings()}\ncompose: { gap: refuse }\n`);
    const failed = await project.studio(deploy);
    project.write("studio.yaml", stackSettings());
    expect(failed.exitCode, failed.stderr).toBe(2);
    expect(failed.stderr).toContain("services.api.ports");
  }, 120_000);
});
