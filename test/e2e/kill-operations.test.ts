import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Recovery,
  createKillProject,
  killRounds,
  listPoints,
  succeed,
} from "../support/kill-rounds.ts";
import { type ProjectState, expectSound } from "../support/project-state.ts";
import { addMigration } from "../support/round-migration.ts";
import type { TestProject } from "../support/studio.ts";
import { storeItem, startWriter, storedItems } from "../support/writer.ts";

const hours = 7_200_000;

let project: TestProject;
let before: ProjectState;

beforeAll(async () => {
  project = await createKillProject();
  await succeed(project, ["deploy"]);
  addMigration(project, 1, false);
  await succeed(project, ["deploy", "--allow-breaking"]);
}, 120_000);

afterAll(() => project.remove(), 180_000);

async function look(): Promise<void> {
  before = await expectSound(project, "before a round");
}

async function check({ way, where, outcome }: Recovery): Promise<ProjectState> {
  const after = await expectSound(project, where);
  if (way === "resume" && outcome !== null) expect(outcome, where).toBe("succeeded");
  if (outcome === "undone") expect(after, where).toEqual(before);
  return after;
}

test(
  "a rollback that takes the schema back, killed anywhere, ends at one release",
  async () => {
    const argv = ["rollback", "--with-down"];
    const writer = await startWriter(project.url);
    // There and back: once with migrations to revert, once with the same to apply again.
    const [back, forth] = [await listPoints(project, argv), await listPoints(project, argv)];
    for (const points of [back, forth]) {
      const reset = async () => {
        await look();
        const isBack = before.schemaHead?.endsWith("-round-1") !== true;
        if (isBack === (points === back)) await succeed(project, argv);
        await look();
      };
      const rounds = await killRounds(
        {
          project,
          argv,
          rounds: 1,
          reset,
          async check(recovery) {
            const after = await check(recovery);
            if (recovery.outcome === "succeeded") expect(after.release).not.toBe(before.release);
            expect(writer.failures, recovery.where).toEqual([]);
          },
        },
        points,
      );
      expect(rounds).toBeGreaterThan(0);
    }
    await writer.stop();
    expect(await storedItems(project.url)).toBe(writer.acknowledged.length);
  },
  hours,
);

test.for([
  { argv: ["down"], opposite: ["up"], serves: true },
  { argv: ["up"], opposite: ["down"], serves: false },
])(
  "`$argv.0`, killed anywhere, ends with the release serving or with nothing running",
  { timeout: hours },
  async ({ argv, opposite, serves }) => {
    await look();
    if (before.serves !== serves) await succeed(project, opposite);
    const points = await listPoints(project, argv);
    const reset = async () => {
      await look();
      if (before.serves !== serves) await succeed(project, opposite);
      await look();
    };
    const plan = {
      project,
      argv,
      rounds: 1,
      reset,
      async check(recovery: Recovery) {
        const after = await check(recovery);
        expect(after.release).toBe(before.release);
        if (recovery.outcome === "succeeded") expect(after.serves).toBe(!serves);
      },
    };
    expect(await killRounds(plan, points)).toBeGreaterThan(0);
  },
);

describe("a restore of the database", () => {
  test(
    "killed anywhere, ends with the snapshot's rows or with those before",
    async () => {
      if (!(await expectSound(project, "before")).serves) await succeed(project, ["up"]);
      await storeItem(project.url, "in-the-snapshot");
      const inSnapshot = await storedItems(project.url);
      await succeed(project, ["backup", "create", "--set", "database", "--name", "few"]);
      const argv = ["backup", "restore", "few", "--database", "--yes"];
      const reset = async () => {
        await storeItem(project.url, "since-then");
        await look();
      };
      await reset();
      const points = await listPoints(project, argv);
      expect(await storedItems(project.url)).toBe(inSnapshot);
      const plan = {
        project,
        argv,
        rounds: 2,
        reset,
        async check(recovery: Recovery) {
          expect((await check(recovery)).serves, recovery.where).toBe(true);
          const items = await storedItems(project.url);
          const whole = recovery.outcome === "succeeded" ? [inSnapshot] : [inSnapshot + 1];
          // Killed after its end it has succeeded, and there was nothing to recover.
          if (recovery.outcome === null) whole.push(inSnapshot);
          expect(whole, recovery.where).toContain(items);
        },
      };
      expect(await killRounds(plan, points)).toBeGreaterThan(0);
    },
    hours,
  );
});

test.for([
  { argv: ["migrate", "down"], opposite: ["migrate", "up"], applied: true },
  { argv: ["migrate", "up"], opposite: ["migrate", "down"], applied: false },
])(
  "`$argv.0 $argv.1`, killed anywhere, ends with each migration whole or not there",
  { timeout: hours },
  async ({ argv, opposite, applied }) => {
    const reset = async () => {
      before = await expectSound(project, "before a round", "any");
      if ((before.schemaHead?.endsWith("-round-1") === true) === applied) return;
      await succeed(project, opposite);
      before = await expectSound(project, "before a round", "any");
    };
    await reset();
    const points = await listPoints(project, argv);
    const plan = {
      project,
      argv,
      rounds: 1,
      reset,
      async check({ where, outcome }: Recovery) {
        const after = await expectSound(project, where, "any");
        if (outcome === "undone") expect(after, where).toEqual(before);
        if (outcome !== "succeeded") return;
        expect(after.schemaHead?.endsWith("-round-1"), where).toBe(!applied);
      },
    };
    expect(await killRounds(plan, points)).toBeGreaterThan(0);
  },
);
