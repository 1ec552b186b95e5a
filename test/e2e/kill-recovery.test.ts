import { afterAll, beforeAll, expect, test } from "vitest";
import { everyStep } from "../support/every.ts";
import {
  type KillPoint,
  type Recovery,
  createKillProject,
  kill,
  killRounds,
  listPoints,
  succeed,
} from "../support/kill-rounds.ts";
import { type ProjectState, expectSound } from "../support/project-state.ts";
import { addMigration } from "../support/round-migration.ts";
import type { TestProject } from "../support/studio.ts";

let project: TestProject;
let before: ProjectState;
let migrations = 0;

beforeAll(async () => {
  project = await createKillProject();
  await succeed(project, ["deploy", "--allow-breaking"]);
}, 120_000);

afterAll(() => project.remove(), 180_000);

/** A deploy that died half-way, with a migration to apply. */
async function leaveUnfinished(at: KillPoint): Promise<void> {
  before = await expectSound(project, "before a round");
  const used = migrations === 0 || before.schemaHead?.endsWith(`-round-${migrations}`) === true;
  if (used) addMigration(project, ++migrations, false);
  await kill(project, ["deploy", "--allow-breaking"], at, "the first kill");
}

async function check({ where, outcome }: Recovery): Promise<void> {
  const after = await expectSound(project, where);
  if (outcome === "undone") expect(after, where).toEqual(before);
  if (outcome === "succeeded") expect(after.release, where).not.toBe(before.release);
}

const switched: KillPoint = { name: "switch/accept:after", nth: 1 };
const others: KillPoint[] = [
  { name: "migrate/up/statement-ended", nth: 3 },
  { name: "record/ledger:after", nth: 1 },
];
const deaths = everyStep ? [switched, ...others] : [switched];

test.for(["resume", "abort"].flatMap((verb) => deaths.map((death) => ({ verb, death }))))(
  "`$verb`, itself killed anywhere after a death at $death.name, can be resumed or aborted",
  { timeout: 7_200_000 },
  async ({ verb, death }) => {
    await leaveUnfinished(death);
    const points = await listPoints(project, [verb]);
    const plan = {
      project,
      argv: [verb],
      rounds: 2,
      ways: "in turns" as const,
      // What had turned round is undone by `resume` as well, which then tells of a failure.
      exitCodes: [0, 5],
      reset: () => leaveUnfinished(death),
      check,
    };
    expect(await killRounds(plan, points)).toBeGreaterThan(0);
  },
);
