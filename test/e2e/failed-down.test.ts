import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

let project: TestProject;

beforeAll(async () => {
  project = await createProject(quickSettings);
  const { exitCode, stderr } = await project.studio(["deploy"]);
  expect(exitCode, stderr).toBe(0);
}, 180_000);

afterAll(() => project.remove(), 180_000);

async function result(...argv: string[]) {
  return JSON.parse((await project.studio([...argv, "--json"])).stdout).result;
}

test("a release that could not be ended is not said to be down, and `down` goes on from there", async () => {
  const fault = { STUDIO_FAULT: "fail:stop/stop:before" };
  const failed = await project.studio(["down"], fault);
  expect(failed.exitCode, failed.stderr).toBe(6);
  expect(failed.stdout).not.toContain("was taken down");
  expect(failed.stderr).toContain("It is not done");
  expect(failed.stderr).toContain("`studio down` tries again");

  expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  expect(await result("status")).toMatchObject({ operation: null });
  expect((await result("history", "--limit", "1"))[0]).toMatchObject({
    kind: "down",
    outcome: "left",
    error: { step: "stop" },
  });
  expect(JSON.stringify(await result("status"))).not.toContain("stopped");

  expect(await result("down")).toMatchObject({ changed: true });
  await expect(fetch(project.url)).rejects.toThrow();
}, 180_000);

test("killed before its failure was closed, it is brought to the same end by `resume`", async () => {
  expect((await project.studio(["up"])).exitCode).toBe(0);
  const fault = { STUDIO_FAULT: "fail:stop/stop:before;kill:stop#failed:after@1" };
  expect((await project.studio(["down"], fault)).signal).toBe("SIGKILL");
  const resumed = await project.studio(["resume"]);
  expect(resumed.exitCode, resumed.stderr).toBe(6);
  expect((await fetch(`${project.url}/health/ready`)).status).toBe(200);
  expect(await result("down")).toMatchObject({ changed: true });
}, 180_000);
