import { expect, test } from "vitest";
import type { ReleaseRecord } from "../../../src/deploy/release.ts";
import { type ServicesBefore, servicesSteps } from "../../../src/deploy/steps/services.ts";
import type { Workplace } from "../../../src/deploy/workplace.ts";
import type { StepRun } from "../../../src/operation/step.ts";

const release = { id: "r2" } as ReleaseRecord;

/** What an undo asks of the target, and says. */
async function undone(before: ServicesBefore): Promise<string[]> {
  const asked: string[] = [];
  const service = (name: string, role: string, state: string) => ({ name, role, state });
  const target = {
    backingServices: () => ["db", "proxy"],
    services: async () => [
      service("api", "switched", "running"),
      service("db", "stateful", "running"),
      service("proxy", "proxy", "exited (1)"),
    ],
    takeDown: async () => asked.push("take down"),
    startBackingServices: async (_run: StepRun, { id }: ReleaseRecord) => asked.push(`start ${id}`),
  };
  const run = { note: (text: string) => asked.push(text) } as unknown as StepRun;
  const [step] = servicesSteps({ target } as unknown as Workplace, release, before);
  await step?.undo(run);
  return asked;
}

test("services that a deploy brought up are taken down with it", async () => {
  expect(await undone(null)).toEqual(["take down"]);
});

test("those of a release are brought back to what that had", async () => {
  expect(await undone({ id: "r1" } as ReleaseRecord)).toEqual(["start r1"]);
});

test("those that somebody else had started are left, and it is said how they come to be as before", async () => {
  const [note, ...more] = await undone("of others");
  expect(more).toEqual([]);
  expect(note).toContain("as this deploy defined them: db. `docker compose up -d`");
});
