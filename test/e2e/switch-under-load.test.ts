import { afterAll, beforeAll, expect, test } from "vitest";
import { startLoad } from "../support/load.ts";
import { type TestProject, createProject } from "../support/studio.ts";

const deploys = Number(process.env["STUDIO_TEST_DEPLOYS"] ?? 3);

let project: TestProject;

beforeAll(async () => {
  project = await createProject();
  expect((await project.studio(["deploy"])).exitCode).toBe(0);
}, 180_000);

afterAll(() => project.remove(), 180_000);

test(`${deploys} deploys under load from keep-alive and fresh clients fail no request`, async () => {
  const load = startLoad(project.url);
  for (let count = 0; count < deploys; count += 1) {
    const { exitCode, stderr } = await project.studio(["deploy"]);
    expect(exitCode, stderr).toBe(0);
  }
  const { kept, fresh, failures, releases } = await load.stop();
  expect(failures).toEqual([]);
  expect(kept).toBeGreaterThan(300 * deploys);
  expect(fresh).toBeGreaterThan(300 * deploys);
  expect(releases.size).toBe(deploys + 1);
}, 600_000);
