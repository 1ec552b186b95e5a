import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { rules } from "../../../../src/migrate/lint/rules.ts";
import { readFixture } from "./fixture.ts";

const dialects: Dialect[] = ["postgres", "mysql", "sqlite"];

function fixtureOf(rule: string, dialect: Dialect, kind: "bad" | "good"): string {
  return join(import.meta.dirname, "fixtures", dialect, `${rule}.${kind}.sql`);
}

async function rulesFound(file: string, dialect: Dialect): Promise<string[]> {
  const { findings } = await lintMigrations(readFixture(file, dialect).input);
  return [...new Set(findings.map(({ rule }) => rule))].sort();
}

describe.each(dialects)("%s", (dialect) => {
  const names = rules.filter((rule) => rule.dialects.includes(dialect)).map(({ name }) => name);

  test("each rule has a fixture that it finds and one that is fine, and no other is there", () => {
    const kinds = ["bad", "good"] as const;
    const expected = names.flatMap((name) => kinds.map((kind) => fixtureOf(name, dialect, kind)));
    expect(expected.filter((file) => !existsSync(file))).toEqual([]);
    const folder = join(import.meta.dirname, "fixtures", dialect);
    const present = readdirSync(folder).map((file) => join(folder, file));
    expect(present.filter((file) => !expected.includes(file))).toEqual([]);
  });

  test.each(names)("%s finds its bad fixture, and no other rule does", async (name) => {
    const file = fixtureOf(name, dialect, "bad");
    const { also } = readFixture(file, dialect);
    expect(await rulesFound(file, dialect)).toEqual([name, ...also].sort());
  });

  test.each(names)("the good fixture of %s has no findings", async (name) => {
    expect(await rulesFound(fixtureOf(name, dialect, "good"), dialect)).toEqual([]);
  });
});
