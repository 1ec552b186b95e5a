import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { refuseTaken } from "../../../../src/deploy/targets/compose/refuse-taken.ts";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import type { TargetInput } from "../../../../src/deploy/targets/target-input.ts";
import { releaseFile } from "../../../../src/deploy/release.ts";
import { statePaths } from "../../../../src/state.ts";

const directory = mkdtempSync(join(tmpdir(), "studio-taken-"));
afterAll(() => rmSync(directory, { recursive: true }));

const paths = statePaths(directory, "production");
const input = { paths, project: { directory, environment: "production" } } as TargetInput;

const container = (labels: Record<string, string>) => ({ labels }) as unknown as Container;

const marks = (environment: string, folder: string) => ({
  "studio.environment": environment,
  "studio.directory": folder,
});

const refusal = (...containers: Container[]) => refuseTaken(input, "shop", containers);

test("a project that is free, this environment's, or nobody's yet is not refused", () => {
  expect(refusal()).toBeNull();
  expect(refusal(container({}), container(marks("production", directory)))).toBeNull();
});

test("one of another environment, or of another folder, is", () => {
  const staging = refusal(container({}), container(marks("staging", directory)));
  expect(staging).toMatchObject({ code: "compose.projectTaken", exitCode: 2 });
  expect(staging?.message).toContain(`the environment "staging" of ${directory}`);
  const elsewhere = { ...marks("production", "/srv/other"), "studio.release": "r1" };
  expect(refusal(container(elsewhere))?.message).toContain('"production" of /srv/other');
});

test("one that was this folder's before it was moved is not", () => {
  const file = releaseFile(paths, "r2");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, "{}");
  const former = marks("production", "/srv/former");
  const moved = [container({ ...former, "studio.release": "r2" }), container(former)];
  expect(refusal(...moved)).toBeNull();
  expect(refusal(...moved, container(marks("production", "/srv/other")))).not.toBeNull();
});
