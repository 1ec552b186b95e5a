import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type KillPoint,
  type Recovery,
  createKillProject,
  killRounds,
  listPoints,
  succeed,
} from "../support/kill-rounds.ts";
import { expectSound } from "../support/project-state.ts";
import type { TestProject } from "../support/studio.ts";

let project: TestProject;
let points: KillPoint[];

beforeAll(async () => {
  project = await createKillProject();
  points = await listPoints(project, ["deploy"]);
}, 120_000);

afterAll(() => project.remove(), 180_000);

/** Back to a project in which nothing was ever done. */
async function reset(): Promise<void> {
  if ((await expectSound(project, "before a round")).serves) await succeed(project, ["down"]);
  rmSync(join(project.directory, ".studio"), { recursive: true });
}

async function check({ way, where, outcome }: Recovery): Promise<void> {
  const after = await expectSound(project, where);
  if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
  // Killed after its end was written, there is nothing to recover.
  const serves = outcome === "succeeded" || where.includes(" operation#end:after@");
  expect(after.serves, where).toBe(serves);
  // `expectSound` has seen to it that no process, socket or file of a release is left.
  if (!serves) expect(after.release, where).toBeNull();
}

test("a first deploy that is killed can be carried through, or leaves nothing", async () => {
  const plan = { project, argv: ["deploy"], rounds: 2, reset, check };
  expect(await killRounds(plan, points)).toBeGreaterThan(0);
}, 7_200_000);
