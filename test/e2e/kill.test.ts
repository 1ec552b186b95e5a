import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type KillPoint,
  type Recovery,
  createKillProject,
  killRounds,
  listPoints,
  succeed,
} from "../support/kill-rounds.ts";
import { type ProjectState, expectSound } from "../support/project-state.ts";
import { addMigration } from "../support/round-migration.ts";
import type { TestProject } from "../support/studio.ts";
import { type Writer, startWriter, storedItems } from "../support/writer.ts";

let project: TestProject;
let points: KillPoint[];
let writer: Writer;
let before: ProjectState;
let migrations = 0;

beforeAll(async () => {
  project = await createKillProject();
  await succeed(project, ["deploy"]);
  writer = await startWriter(project.url);
  // Twice, so that there is an old release and an old snapshot to be pruned.
  for (let deploys = 0; deploys < 2; deploys += 1) {
    addMigration(project, ++migrations);
    points = await listPoints(project, ["deploy"]);
  }
  before = await expectSound(project, "before the first kill");
}, 120_000);

afterAll(async () => {
  await writer.stop();
  await project.remove();
}, 180_000);

/** A round that ended with the new release has used up the pending migration. */
async function reset(): Promise<void> {
  before = await expectSound(project, "before a round");
  if (before.schemaHead?.endsWith(`-round-${migrations}`) === true) {
    addMigration(project, ++migrations);
  }
}

/** From here on the new release may have served; a schema that the one before can live with stays. */
function isAfterSwitch({ name, nth }: KillPoint): boolean {
  const index = points.findIndex((point) => point.name === name && point.nth === nth);
  return index >= points.findIndex((point) => point.name === "switch#intent:after");
}

async function check({ way, point, where, outcome }: Recovery): Promise<void> {
  const after = await expectSound(project, where);
  if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
  if (outcome === "undone") {
    const brought = isAfterSwitch(point) ? expect.stringMatching(`-round-${migrations}$`) : null;
    expect(after, where).toEqual({ ...before, schemaHead: brought ?? before.schemaHead });
  }
  if (outcome === "succeeded") expect(after.release, where).not.toBe(before.release);
  const sent = writer.acknowledged.length;
  expect(await storedItems(project.url), where).toBeGreaterThanOrEqual(sent);
  expect(writer.failures, where).toEqual([]);
}

describe("a deploy with a pending migration, killed by SIGKILL", () => {
  test("has a point before and after every journal write and side effect", () => {
    const names = points.map(({ name }) => name);
    const ends = (suffix: string) => names.filter((name) => name.endsWith(suffix)).length;
    expect(ends(":before")).toBe(ends(":after"));
    for (const step of ["prepare", "backup", "migrate", "start", "switch", "record", "prune"]) {
      expect(names).toContain(`${step}#intent:after`);
      expect(names.some((name) => name.startsWith(`${step}/`))).toBe(true);
    }
    expect(names).toContain("migrate/up/statement-begun");
    expect(names).toContain("backup/snapshot/COMMIT:put-done");
  });

  test("can be resumed or aborted from any point to one release that serves", async () => {
    const plan = { project, argv: ["deploy"], rounds: 4, reset, check };
    expect(await killRounds(plan, points)).toBeGreaterThan(0);
  }, 7_200_000);

  test("lets the release before answer the whole time, and loses no write", async () => {
    await writer.stop();
    expect(writer.failures).toEqual([]);
    expect(writer.acknowledged.length).toBeGreaterThan(50);
    expect(await storedItems(project.url)).toBe(writer.acknowledged.length);
  });
});
