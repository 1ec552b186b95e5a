import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moveMigration } from "../../../src/migrate/move.ts";
import { type MigrationListing, listMigrations } from "../../../src/migrate/source.ts";

const now = new Date("2026-05-01T00:00:00Z");
const early = "20260101T000000Z-early";
const late = "20260201T000000Z-late";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "studio-move-"));
  for (const file of [`${early}.up.sql`, `${early}.down.sql`, `${late}.sql`]) {
    writeFileSync(join(folder, file), "SELECT 1");
  }
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function move(time: Date) {
  const all = listMigrations([{ folder, origin: "project" }]);
  return moveMigration(all[0] as MigrationListing, all, time);
}

describe("a migration of two files is moved", () => {
  test("with both, to the time given", () => {
    const moved = "20260501T000000Z-early";
    expect(move(now)).toEqual({
      name: moved,
      from: join(folder, `${early}.up.sql`),
      to: join(folder, `${moved}.up.sql`),
    });
    expect(readdirSync(folder).toSorted()).toEqual([
      `${late}.sql`,
      `${moved}.down.sql`,
      `${moved}.up.sql`,
    ]);
  });

  test("behind the latest, where that is later", () => {
    expect(move(new Date("2025-01-01T00:00:00Z")).name).toBe("20260201T000001Z-early");
  });

  test("not at all, where one of the files cannot be", () => {
    const all = listMigrations([{ folder, origin: "project" }]);
    rmSync(join(folder, `${early}.down.sql`));
    const before = readdirSync(folder);
    expect(() => moveMigration(all[0] as MigrationListing, all, now)).toThrow(/cannot be made/);
    expect(readdirSync(folder)).toEqual(before);
  });
});
