import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planDown, planUp } from "../../../src/migrate/plan.ts";
import type { AppliedMigration } from "../../../src/migrate/journal.ts";
import { compareSchema } from "../../../src/migrate/state.ts";
import { type MigrationFile, journalOf, migrationFile } from "./rows.ts";

const files = [1, 2, 3, 4].map((number) => migrationFile(number));
const [one, two, three, four] = files as [
  MigrationFile,
  MigrationFile,
  MigrationFile,
  MigrationFile,
];
const names = files.map(({ name }) => name);
const kinds = (applied: typeof files, present: typeof files) =>
  compareSchema(journalOf(applied), present).problems.map(({ kind, name }) => [kind, name]);

interface History {
  applied: AppliedMigration[];
  present: MigrationFile[];
}

/** Each changes a history at one place, or two, both of them applied. */
const tamperings: Record<string, (history: History, one: number, other: number) => History> = {
  "edit a file": ({ applied, present }, one) => ({
    applied,
    present: present.with(one, { ...(present[one] as MigrationFile), checksum: "x" }),
  }),
  "delete a file": ({ applied, present }, one) => ({
    applied,
    present: present.filter((_, index) => index !== one),
  }),
  "give two files each other's content": ({ applied, present }, one, other) => ({
    applied,
    present: present
      .with(one, renamed(present[other], present[one]))
      .with(other, renamed(present[one], present[other])),
  }),
  "rename a file to a later time": ({ applied, present }, one) => ({
    applied,
    present: [
      ...present.filter((_, index) => index !== one),
      renamed(present[one], migrationFile(900)),
    ],
  }),
  "copy a file to a later time": ({ applied, present }, one) => ({
    applied,
    present: [...present, renamed(present[one], migrationFile(901))],
  }),
  "add a file in the past": ({ applied, present }) => ({
    applied,
    present: [migrationFile(0, { checksum: "new" }), ...present],
  }),
  "take a row out of the journal": ({ applied, present }, one, other) => ({
    applied: applied.filter((_, index) => index !== Math.min(one, other)),
    present,
  }),
  "exchange two rows of the journal": ({ applied, present }, one, other) => ({
    applied: applied
      .with(one, applied[other] as AppliedMigration)
      .with(other, applied[one] as AppliedMigration),
    present,
  }),
  "double a row of the journal": ({ applied, present }, one) => ({
    applied: [...applied, { ...(applied[one] as AppliedMigration), sequence: applied.length + 1 }],
    present,
  }),
  "change a checksum in the journal": ({ applied, present }, one) => ({
    applied: applied.with(one, { ...(applied[one] as AppliedMigration), checksum: "x" }),
    present,
  }),
};

function renamed(content: MigrationFile | undefined, name: MigrationFile | undefined) {
  return { ...(content as MigrationFile), name: name?.name ?? "", file: name?.file ?? "" };
}

describe("the state of a schema", () => {
  test("names the head and what is pending", () => {
    const state = compareSchema(journalOf(files.slice(0, 2)), files);
    expect(state.head).toBe(two.name);
    expect(state.pending).toEqual([three, four]);
    expect(state.problems).toEqual([]);
  });

  test("has no head before the first migration", () => {
    expect(compareSchema([], files)).toMatchObject({ head: null, pending: files, problems: [] });
  });

  test("shows a file edited after it was applied", () => {
    expect(kinds([one], [{ ...one, checksum: "other" }])).toEqual([["edited", one.name]]);
  });

  test("shows a file that is gone", () => {
    expect(kinds(files.slice(0, 2), [one])).toEqual([["missing", two.name]]);
  });

  test("shows a file that came in late", () => {
    const late = files.filter((file) => file !== two);
    expect(kinds(late, files)).toEqual([["outOfOrder", two.name]]);
  });

  test("keeps an order for each origin", () => {
    const studio = migrationFile(2, { origin: "studio" });
    const others = files.filter((file) => file !== two);
    expect(kinds(others, [...others, studio])).toEqual([]);
  });

  test("shows what stopped half-way, and a status of a later version", () => {
    const rows = journalOf(files.slice(0, 2));
    const applied = rows.map((row, index) => ({
      ...row,
      status: ["running", "paused"][index] ?? "",
    }));
    const found = compareSchema(applied, files).problems.map(({ kind }) => kind);
    expect(found).toEqual(["unfinished", "unknown"]);
  });

  test("shows any tampering with the files or with the journal", () => {
    const tampering = fc.record({
      kind: fc.constantFrom(...Object.keys(tamperings)),
      size: fc.integer({ min: 2, max: 12 }),
      more: fc.integer({ min: 0, max: 4 }),
      at: fc.nat(),
      to: fc.nat(),
    });
    fc.assert(
      fc.property(tampering, ({ kind, size, more, at, to }) => {
        const present = Array.from({ length: size + more }, (_, index) => migrationFile(index + 1));
        const history = { applied: journalOf(present.slice(0, size)), present };
        const first = at % size;
        const second = (first + 1 + (to % (size - 1))) % size;
        const after = tamperings[kind]?.(history, first, second) ?? history;
        expect(compareSchema(after.applied, after.present).problems, kind).not.toEqual([]);
        expect(() => planUp(after.applied, after.present, undefined)).toThrow(
          /Nothing was migrated/,
        );
      }),
      { numRuns: 1000 },
    );
  });

  test("shows nothing of a history that nobody touched", () => {
    const history = fc.record({ applied: fc.nat(12), pending: fc.nat(4), studio: fc.nat(3) });
    fc.assert(
      fc.property(history, ({ applied, pending, studio }) => {
        const own = Array.from({ length: studio }, (_, index) =>
          migrationFile(100 + index, { origin: "studio" }),
        );
        const rest = Array.from({ length: applied + pending }, (_, index) =>
          migrationFile(index + 1),
        );
        const rows = journalOf([...own, ...rest.slice(0, applied)]);
        const state = compareSchema(rows, [...rest, ...own]);
        expect(state.problems).toEqual([]);
        expect(state.pending).toHaveLength(pending);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("the plan upwards", () => {
  test("holds all that is pending, or ends at a name", () => {
    expect(planUp(journalOf([one]), files, undefined)).toEqual(names.slice(1));
    expect(planUp(journalOf([one]), files, names[2])).toEqual(names.slice(1, 3));
  });

  test("is empty when the name is applied already", () => {
    expect(planUp(journalOf(files.slice(0, 3)), files, names[0])).toEqual([]);
  });

  test("refuses an unknown name as a usage error", () => {
    expect(() => planUp([], files, "nothing")).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  test("tells the way out of each problem", () => {
    const edited = { ...one, checksum: "other" };
    try {
      planUp(journalOf([one]), [edited], undefined);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({
        code: "migration.problems",
        exitCode: 4,
        hint: expect.stringContaining(`SHA-256 ${one.checksum}`),
      });
    }
  });
});

describe("the plan downwards", () => {
  const applied = journalOf(files);

  test("returns to a name, the latest first", () => {
    expect(planDown(applied, files, { to: names[1] ?? null })).toEqual([names[3], names[2]]);
    expect(planDown(applied, files, { to: null })).toEqual(names.toReversed());
  });

  test("takes a number of steps before a name", () => {
    expect(planDown(applied, files, { to: null, steps: 1 })).toEqual([names[3]]);
  });

  test("follows the order of application, not of names", () => {
    const mixed = [four, one, two, three];
    expect(planDown(journalOf(mixed), files, { steps: 2 })).toEqual([names[2], names[1]]);
  });

  test.each([0, -1, 1.5, 5])("refuses %s steps", (steps) => {
    expect(() => planDown(applied, files, { steps })).toThrow(
      expect.objectContaining({ exitCode: 2 }),
    );
  });

  test("is refused as a whole when one migration has no down", () => {
    const oneWay = journalOf(
      files.map((file) => (file === three ? { ...file, reversible: false } : file)),
    );
    expect(() => planDown(oneWay, files, { steps: 2 })).toThrow(
      expect.objectContaining({ code: "migration.irreversible", exitCode: 4 }),
    );
    expect(planDown(oneWay, files, { steps: 1 })).toEqual([names[3]]);
  });

  test("is refused for an edited file, but not because of an older one", () => {
    const edited = files.map((file) => (file === two ? { ...file, checksum: "x" } : file));
    expect(planDown(applied, edited, { steps: 2 })).toEqual([names[3], names[2]]);
    expect(() => planDown(applied, edited, { steps: 3 })).toThrow(/edited/);
  });

  test("puts an order right that came out wrong", () => {
    const late = files.filter((file) => file !== three);
    expect(planDown(journalOf(late), files, { to: names[1] ?? null })).toEqual([names[3]]);
  });
});
