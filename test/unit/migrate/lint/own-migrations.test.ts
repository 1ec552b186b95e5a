import { resolve } from "node:path";
import { expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { recordMigrations } from "../../../../src/migrate/record.ts";
import { listMigrations } from "../../../../src/migrate/source.ts";

const folder = resolve(import.meta.dirname, "../../../../migrations");
const dialects: Dialect[] = ["postgres", "mysql", "sqlite"];

test.each(dialects)("studio's own migrations have no findings on %s", async (dialect) => {
  const migrations = listMigrations([{ folder, origin: "studio" }]);
  const recorded = await recordMigrations({ dialect, present: [], migrations });
  expect(recorded.flatMap(({ statements }) => statements).length).toBeGreaterThan(1);
  const linted = recorded.map((one) => ({ ...one, allowed: [], compatible: null }));
  const report = await lintMigrations({ dialect, migrations: linted });
  expect(report.findings).toEqual([]);
  expect(report.safe).toBe(true);
});
