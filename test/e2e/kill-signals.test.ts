import { afterAll, beforeAll, expect, test } from "vitest";
import { createKillProject, killSettings, succeed } from "../support/kill-rounds.ts";
import { type ProjectState, expectSound } from "../support/project-state.ts";
import { addMigration } from "../support/round-migration.ts";
import type { RunResult, TestProject } from "../support/studio.ts";

/** So long that a deploy which only ended them in time would not be ended in time. */
const longLooks = killSettings
  .replace("duration: 300ms", "duration: 10m")
  .replace("for: 300ms", "for: 10m");

let project: TestProject;
let before: ProjectState;

beforeAll(async () => {
  project = await createKillProject();
  await succeed(project, ["deploy", "--allow-breaking"]);
  project.write("studio.yaml", longLooks);
  addMigration(project, 1, false);
  before = await expectSound(project, "before");
}, 120_000);

afterAll(() => project.remove(), 180_000);

const deployWith = (fault: string, ...argv: string[]): Promise<RunResult> =>
  project.studio(["deploy", "--allow-breaking", "--json", ...argv], { STUDIO_FAULT: fault });

function expectInterrupted(result: RunResult, exitCode: number, signal: string): void {
  expect(result.exitCode, result.stderr).toBe(exitCode);
  const { error } = JSON.parse(result.stdout) as { error: { code: string; message: string } };
  expect(error).toMatchObject({ code: "operation.interrupted" });
  expect(error.message).toContain(signal);
  expect(error.message).toContain("undone");
}

test.for([
  { step: "the backup", fault: "SIGINT:backup/snapshot/member", exitCode: 130 },
  { step: "the migration", fault: "SIGINT:migrate/up/statement-ended@3", exitCode: 130 },
  { step: "the wait for health", fault: "SIGTERM:health#intent:after", exitCode: 143 },
  { step: "the gate", fault: "SIGINT:gate#intent:after", exitCode: 130 },
  { step: "the watch", fault: "SIGTERM:watch#intent:after", exitCode: 143, argv: ["--skip-gate"] },
])(
  "a signal during $step unwinds the deploy, with exit code $exitCode",
  { timeout: 120_000 },
  async ({ fault, exitCode, argv = [] }) => {
    expectInterrupted(await deployWith(fault, ...argv), exitCode, fault.split(":")[0] as string);
    expect(await expectSound(project, fault)).toEqual(before);
  },
);

test("a signal before anything began changes nothing", async () => {
  const result = await deployWith("SIGINT:operation/lock:after");
  expect(result.exitCode, result.stderr).toBe(130);
  expect(await expectSound(project, "before it began")).toEqual(before);
}, 180_000);

test("a second SIGINT stops an undo at once, and the journal lets it be finished", async () => {
  const fault = "SIGINT:gate#intent:after;SIGINT:start#undo-intent:after";
  const { exitCode, stderr } = await deployWith(fault);
  expect(exitCode, stderr).toBe(130);
  const status = await project.studio(["status", "--json"]);
  expect(JSON.parse(status.stdout).result.operation).toMatchObject({ state: "unfinished" });
  const refused = await project.studio(["deploy", "--allow-breaking"]);
  expect([refused.exitCode, refused.stderr]).toEqual([7, expect.stringContaining("resume")]);
  const resumed = await project.studio(["resume"]);
  expect([resumed.exitCode, resumed.stderr]).toEqual([5, expect.stringContaining("undone")]);
  expect(await expectSound(project, "resumed")).toEqual(before);
}, 120_000);

test("a signal once the release serves lets the rest be tidied up", async () => {
  project.write("studio.yaml", killSettings);
  const { exitCode, stderr } = await deployWith("SIGINT:prune#intent:after");
  expect(exitCode, stderr).toBe(0);
  const after = await expectSound(project, "tidied up");
  expect(after.release).not.toBe(before.release);
  expect(after.schemaHead).toContain("-round-1");
}, 180_000);
