import { expect, test } from "vitest";
import { type Changes, followChanges } from "../../../src/deploy/changes.ts";
import type { HealthInput } from "../../../src/deploy/health.ts";
import type { ChangeFollower } from "../../../src/deploy/target.ts";

/** A release whose changes somebody tells: `tell`, until `stop`. */
function told() {
  let follower: ChangeFollower | undefined;
  let stop = (): void => {};
  const ended = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const target = {
    changes(_release: unknown, given: ChangeFollower) {
      follower = given;
      return ended;
    },
  };
  const aborting = new AbortController();
  const input = { target, release: {}, signal: aborting.signal } as unknown as HealthInput;
  const changes = followChanges(input);
  return { changes, aborting, stop, tell: () => follower?.onChange(), follower: () => follower };
}

async function timeOf(changes: Changes): Promise<number> {
  const begun = performance.now();
  await changes.next(true);
  return performance.now() - begun;
}

test("whoever is told of a change looks at once, also of one that came before the wait", async () => {
  const { changes, tell } = told();
  tell();
  expect(await timeOf(changes)).toBeLessThan(500);
  setTimeout(tell, 50);
  expect(await timeOf(changes)).toBeLessThan(500);
  expect(await timeOf(changes)).toBeGreaterThan(900);
});

test("where nobody tells any longer it is looked at again and again", async () => {
  const { changes, stop } = told();
  setTimeout(stop, 50);
  expect(await timeOf(changes)).toBeLessThan(500);
  expect(await timeOf(changes)).toBeLessThan(500);
});

test("nobody waits on after the signal, and who follows is let go at the end", async () => {
  const { changes, aborting, follower } = told();
  setTimeout(() => aborting.abort(), 50);
  await expect(changes.next(true)).rejects.toThrow();
  const other = told();
  other.changes.end();
  expect(follower()?.signal.aborted).toBe(true);
  expect(other.follower()?.signal.aborted).toBe(true);
});
