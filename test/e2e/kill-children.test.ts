import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createKillProject, kill, killSettings, succeed } from "../support/kill-rounds.ts";
import { until } from "../support/processes.ts";
import { expectSound } from "../support/project-state.ts";
import { type TestProject, collect } from "../support/studio.ts";

/** The first time it never ends, and has a child; once `enough` is there it ends at once. */
const hook = `#!/bin/sh
echo run >> runs
test -e enough && exit 0
sleep 600 &
echo $! > grandchild
echo $$ > leader
wait
`;

let project: TestProject;

beforeAll(async () => {
  project = await createKillProject();
  await succeed(project, ["deploy"]);
  project.write("hook.sh", hook);
  project.write(
    "studio.yaml",
    killSettings.replace("deploy:", "deploy:\n  hooks: { before: [sh hook.sh] }"),
  );
}, 120_000);

beforeEach(() => {
  for (const name of ["runs", "grandchild", "leader", "enough"])
    rmSync(path(name), { force: true });
});

afterAll(() => project.remove(), 180_000);

const path = (name: string): string => join(project.directory, name);
const numberIn = (name: string): number => Number(readFileSync(path(name), "utf8"));
const runs = (): number =>
  existsSync(path("runs")) ? readFileSync(path("runs"), "utf8").trim().split("\n").length : 0;

function isRunning(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return !/^[ZX] /.test(text.slice(text.lastIndexOf(")") + 2));
  } catch {
    return false;
  }
}

/** Kills studio while the hook runs: the hook and its child go on. */
async function dieInHook(): Promise<{ leader: number; grandchild: number }> {
  const studio = project.start(["deploy"]);
  const ended = collect(studio);
  await until("the hook runs", () => existsSync(path("leader")) && numberIn("leader") > 0);
  const [leader, grandchild] = [numberIn("leader"), numberIn("grandchild")];
  studio.kill("SIGKILL");
  await until("studio is gone", () => !isRunning(studio.pid as number));
  expect([isRunning(leader), isRunning(grandchild)]).toEqual([true, true]);
  // Its streams close once the hook, which has them too, is gone.
  void ended.catch(() => {});
  return { leader, grandchild };
}

test("a hook that outlived studio is ended before a resume runs it again", async () => {
  const { leader, grandchild } = await dieInHook();
  project.write("enough", "");
  await succeed(project, ["resume"]);
  expect([isRunning(leader), isRunning(grandchild)]).toEqual([false, false]);
  expect(runs()).toBe(2);
  expect((await expectSound(project, "after the resume")).serves).toBe(true);
}, 180_000);

test("a hook that outlived studio is ended by an abort", async () => {
  const { leader, grandchild } = await dieInHook();
  await succeed(project, ["abort"]);
  expect([isRunning(leader), isRunning(grandchild)]).toEqual([false, false]);
  await expectSound(project, "after the abort");
}, 180_000);

test("what a dead hook has left running is ended as well", async () => {
  const { leader, grandchild } = await dieInHook();
  process.kill(leader, "SIGKILL");
  await until("the hook is gone", () => !isRunning(leader));
  expect(isRunning(grandchild)).toBe(true);
  await succeed(project, ["abort"]);
  expect(isRunning(grandchild)).toBe(false);
  await expectSound(project, "after the abort");
}, 180_000);

test.for(["hook-before-1#child:before", "hook-before-1#child:after"])(
  "a hook whose start was not yet let go when studio died at %s never runs",
  { timeout: 180_000 },
  async (name) => {
    await kill(project, ["deploy"], { name, nth: 1 }, name);
    await succeed(project, ["abort"]);
    await expectSound(project, name);
    expect(runs()).toBe(0);
  },
);
