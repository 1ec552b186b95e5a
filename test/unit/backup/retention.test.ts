import * as fc from "fast-check";
import { expect, test } from "vitest";
import { chooseRetained } from "../../../src/backup/retention/retention.ts";
import type { Retention } from "../../../src/backup/retention/retention.ts";

const none: Retention = {
  last: 0,
  hourly: 0,
  daily: 0,
  weekly: 0,
  monthly: 0,
  yearly: 0,
  floor: 0,
};

interface Made {
  id: string;
  created: string;
  set: string;
  environment: string;
  verification: { at: string; ok: boolean } | null;
}

function made(created: string, fields: Partial<Made> = {}): Made {
  return { id: created, created, set: "full", environment: "local", verification: null, ...fields };
}

function kept(snapshots: Made[], retention: Partial<Retention>): string[] {
  return chooseRetained(snapshots, { ...none, ...retention })
    .filter(({ reasons }) => reasons.length > 0)
    .map(({ snapshot }) => snapshot.created)
    .toSorted();
}

function daily(first: string, count: number): Made[] {
  const start = Date.parse(first);
  return Array.from({ length: count }, (_, day) =>
    made(new Date(start + day * 86_400_000).toISOString()),
  );
}

test("after a month of silence the next backup costs one daily bucket, not all of them", () => {
  const before = daily("2026-01-01T02:00:00Z", 30);
  const after = made("2026-03-05T02:00:00.000Z");
  expect(kept([...before, after], { daily: 30 })).toEqual(
    [...before.slice(1), after].map(({ created }) => created),
  );
});

test("each bucket keeps its newest snapshot", () => {
  const day = ["2026-01-01T01:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T05:00:00Z"];
  const snapshots = day.map((created) => made(created));
  expect(kept(snapshots, { daily: 5 })).toEqual([day[1], day[2]]);
  expect(kept(snapshots, { hourly: 5 })).toEqual(day);
  expect(kept(snapshots, { yearly: 1 })).toEqual([day[2]]);
});

test("weeks are those of ISO 8601, also around New Year", () => {
  const sunday = "2026-01-04T12:00:00Z";
  const thursdayBefore = "2026-01-01T12:00:00Z";
  const wednesdayBefore = "2025-12-31T12:00:00Z";
  const sundayBefore = "2025-12-28T12:00:00Z";
  const all = [sunday, thursdayBefore, wednesdayBefore, sundayBefore].map((time) => made(time));
  expect(kept(all, { weekly: 9 })).toEqual([sundayBefore, sunday]);
});

test("the newest verified snapshot of a set stays, whatever the counts say", () => {
  const verification = { at: "2026-01-02T00:00:00Z", ok: true };
  const failed = { at: "2026-01-09T00:00:00Z", ok: false };
  const snapshots = daily("2026-01-01T02:00:00Z", 5);
  const verified = made("2025-06-01T00:00:00Z", { verification });
  const older = made("2025-05-01T00:00:00Z", { verification });
  const broken = made("2025-07-01T00:00:00Z", { verification: failed });
  expect(kept([...snapshots, verified, older, broken], { last: 1 })).toEqual([
    verified.created,
    snapshots[4]?.created,
  ]);
});

test("the sets and environments do not take each other's places", () => {
  const models = daily("2026-02-01T00:00:00Z", 5).map((one) => ({ ...one, set: "models" }));
  const other = daily("2026-02-01T00:00:00Z", 2).map((one) => ({ ...one, environment: "staging" }));
  const full = made("2020-01-01T00:00:00Z");
  const choice = kept([...models, ...other, full], { last: 2 });
  expect(choice).toHaveLength(5);
  expect(choice).toContain(full.created);
});

test("a policy that keeps nothing, or a count that is none, is refused", () => {
  expect(() => kept([made("2026-01-01T00:00:00Z")], {})).toThrow("keeps nothing at all");
  expect(() => kept([], { daily: -1 })).toThrow("daily");
  expect(() => kept([], { last: Number.NaN })).toThrow("last");
});

test("never fewer than the floor, never a reason without a rule", () => {
  const count = fc.integer({ min: 0, max: 4 });
  const retention = fc.record({
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    floor: fc.integer({ min: 1, max: 5 }),
  });
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 20_000 }), { maxLength: 40 });
  fc.assert(
    fc.property(times, retention, (hours, policy) => {
      const snapshots = hours.map((hour) => made(new Date(hour * 3_600_000).toISOString()));
      const choice = kept(snapshots, policy);
      expect(choice.length).toBeGreaterThanOrEqual(Math.min(policy.floor, snapshots.length));
      const newest = snapshots
        .map(({ created }) => created)
        .toSorted()
        .at(-1);
      if (newest !== undefined) expect(choice).toContain(newest);
      // Choosing again among what is left gives up nothing more.
      const left = snapshots.filter(({ created }) => choice.includes(created));
      expect(kept(left, policy)).toEqual(choice);
    }),
    { numRuns: 200 },
  );
});
