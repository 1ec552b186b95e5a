import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LockSpan, blockedTimes } from "../../../../src/migrate/rehearse/lock-spans.ts";
import { lockMode, lockModes } from "../../../../src/migrate/postgres-lock-mode.ts";

const span = (table: string, mode: string, from: number, until: number | null = null): LockSpan => {
  const { name, strength, blocksReaders, blocksWriters } = lockMode(mode);
  return { table, lock: name, strength, blocksReaders, blocksWriters, from, until };
};

describe("the time that others are blocked", () => {
  test("runs from the moment the lock was taken to the end of the migration", () => {
    expect(blockedTimes([span("users", "ACCESS EXCLUSIVE", 20)], 100)).toEqual([
      { table: "users", lock: "ACCESS EXCLUSIVE", blocksReaders: 80, blocksWriters: 80 },
    ]);
  });

  test("is that of the locks that conflict, and the strongest lock is named", () => {
    const spans = [
      span("users", "ACCESS SHARE", 0),
      span("users", "SHARE", 30),
      span("users", "ACCESS EXCLUSIVE", 70),
    ];
    expect(blockedTimes(spans, 100)).toEqual([
      { table: "users", lock: "ACCESS EXCLUSIVE", blocksReaders: 30, blocksWriters: 70 },
    ]);
  });

  test("ends with the lock where that is given up before", () => {
    const spans = [span("users", "SHARE", 10, 30), span("users", "SHARE", 50, 60)];
    expect(blockedTimes(spans, 100)[0]?.blocksWriters).toBe(30);
  });

  test("puts the tables first for which readers wait longest, then writers", () => {
    const spans = [
      span("logs", "ROW EXCLUSIVE", 0),
      span("orders", "SHARE", 0),
      span("users", "ACCESS EXCLUSIVE", 90),
    ];
    const tables = blockedTimes(spans, 100).map(({ table }) => table);
    expect(tables).toEqual(["users", "orders", "logs"]);
  });

  test("counts no moment twice, and none outside of the migration", () => {
    const moment = fc.integer({ min: 0, max: 60 });
    const held = fc.record({ from: moment, length: fc.option(moment) });
    fc.assert(
      fc.property(fc.array(held, { maxLength: 8 }), (list) => {
        const end = 50;
        const spans = list.map(({ from, length }) =>
          span("users", "SHARE", from, length === null ? null : from + length),
        );
        const isHeld = (at: number) =>
          spans.some(({ from, until }) => from <= at && at < (until ?? end));
        const counted = Array.from({ length: end }, (_, at) => at).filter(isHeld).length;
        expect(blockedTimes(spans, end)[0]?.blocksWriters ?? 0).toBe(counted);
      }),
    );
  });
});

describe("the locks of PostgreSQL", () => {
  test("are known by both of their names, from the weakest to the strongest", () => {
    expect(lockMode("AccessExclusiveLock")).toBe(lockMode("ACCESS EXCLUSIVE"));
    expect(lockMode("ShareUpdateExclusiveLock").name).toBe("SHARE UPDATE EXCLUSIVE");
    expect(lockModes.map(({ strength }) => strength)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(() => lockMode("SHARED")).toThrow("there is no lock mode SHARED");
  });

  test("block readers only with the strongest, writers from SHARE on", () => {
    const names = (list: typeof lockModes) => list.map(({ name }) => name);
    expect(names(lockModes.filter(({ blocksReaders }) => blocksReaders))).toEqual([
      "ACCESS EXCLUSIVE",
    ]);
    expect(names(lockModes.filter(({ blocksWriters }) => blocksWriters))).toEqual([
      "SHARE",
      "SHARE ROW EXCLUSIVE",
      "EXCLUSIVE",
      "ACCESS EXCLUSIVE",
    ]);
  });
});
