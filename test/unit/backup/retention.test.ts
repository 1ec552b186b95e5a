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

/** After all snapshots. */
const later = new Date("2100-01-01T00:00:00Z");

interface Made {
  id: string;
  created: string;
  set: string;
  environment: string;
  verification: { at: string; ok: boolean } | null;
  tags: string[];
}

function made(created: string, fields: Partial<Made> = {}): Made {
  return {
    id: created,
    created,
    set: "full",
    environment: "local",
    verification: null,
    tags: [],
    ...fields,
  };
}

function kept(snapshots: Made[], retention: Partial<Retention>, now = later): string[] {
  return chooseRetained(snapshots, { ...none, ...retention }, now)
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

test("a snapshot with a tag that is to be kept stays, and takes no bucket from another", () => {
  const old = made("2025-06-01T00:00:00Z", { tags: ["before-the-move", "keep"] });
  const other = made("2025-06-02T00:00:00Z", { tags: ["before-the-move"] });
  const recent = daily("2026-01-01T02:00:00Z", 3);
  const created = recent.map((one) => one.created);
  expect(kept([old, other, ...recent], { last: 3, tags: ["keep"] })).toEqual([
    old.created,
    ...created,
  ]);
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

/** The same rules, said another way: by what a snapshot is the newest of, and how many such came later. */
function oracle(snapshots: Made[], policy: Retention, now: Date): Set<string> {
  const keep = new Set<string>();
  const ordered = [...snapshots].sort((a, b) => (a.created < b.created ? -1 : 1));
  for (const one of ordered) if (Date.parse(one.created) > now.getTime()) keep.add(one.id);
  const counted = ordered.filter(({ id }) => !keep.has(id));
  const hour = 3_600_000;
  const monday = (time: number): number => Math.floor((time / hour / 24 + 3) / 7);
  const bucketOf: Record<string, (one: Made) => unknown> = {
    hourly: (one) => Math.floor(Date.parse(one.created) / hour),
    daily: (one) => Math.floor(Date.parse(one.created) / hour / 24),
    weekly: (one) => monday(Date.parse(one.created)),
    monthly: (one) =>
      new Date(one.created).getUTCFullYear() * 12 + new Date(one.created).getUTCMonth(),
    yearly: (one) => new Date(one.created).getUTCFullYear(),
    last: (one) => one.id,
  };
  const kept = new Set<string>();
  for (const [rule, bucket] of Object.entries(bucketOf)) {
    for (const [index, one] of counted.entries()) {
      const after = counted.slice(index + 1).map(bucket);
      const isNewest = !after.includes(bucket(one));
      const buckets = new Set(after).size;
      if (isNewest && buckets < policy[rule as Exclude<keyof Retention, "tags">]) kept.add(one.id);
    }
  }
  const verified = counted.filter((one) => one.verification?.ok === true).at(-1);
  if (verified !== undefined) kept.add(verified.id);
  for (const one of counted.toReversed()) if (kept.size < policy.floor) kept.add(one.id);
  return new Set([...keep, ...kept]);
}

test("what is kept is what another reading of the rules keeps, whatever the clock did", () => {
  const count = fc.integer({ min: 0, max: 5 });
  const retention = fc.record({
    last: count,
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    floor: fc.integer({ min: 1, max: 5 }),
  });
  const minutes = fc.oneof(
    fc.integer({ min: 0, max: 3 * 365 * 24 * 60 }),
    fc.integer({ min: 0, max: 10 * 24 * 60 }),
  );
  const one = fc.record({ minutes, ok: fc.constantFrom(true, false, null) });
  const times = fc.uniqueArray(one, { maxLength: 40, selector: (made) => made.minutes });
  const start = Date.parse("2024-12-20T00:00:00Z");
  fc.assert(
    fc.property(times, retention, minutes, (all, policy, nowMinutes) => {
      const snapshots = all.map((each) =>
        made(new Date(start + each.minutes * 60_000).toISOString(), {
          verification: each.ok === null ? null : { at: "", ok: each.ok },
        }),
      );
      const now = new Date(start + nowMinutes * 60_000);
      expect(new Set(kept(snapshots, policy, now))).toEqual(oracle(snapshots, policy, now));
    }),
    { numRuns: 500 },
  );
});

test("a snapshot that a wrong clock dated years ahead stays, and takes nobody's place", () => {
  const wrong = made("2031-01-01T00:00:00.000Z");
  const snapshots = daily("2026-01-01T02:00:00Z", 5);
  const now = new Date("2026-01-05T03:00:00Z");
  expect(kept([wrong, ...snapshots], { last: 1 }, now)).toEqual([
    snapshots[4]?.created,
    wrong.created,
  ]);
  expect(kept([wrong, ...snapshots], { daily: 2 }, now)).toHaveLength(3);
});
