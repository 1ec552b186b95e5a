import { expect, test } from "vitest";
import { lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { rules } from "../../../../src/migrate/lint/rules.ts";
import { migrationOf } from "./migrations.ts";

test("rules have names of their own, and say in one sentence what they find", () => {
  const names = rules.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, summary } of rules) {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(summary).toMatch(/^[A-Z].{20,100}\.$/);
  }
});

test("PostgreSQL has at least twenty-five rules, and the others at least fifteen", () => {
  const count = (dialect: "postgres" | "mysql" | "sqlite") =>
    rules.filter(({ dialects }) => dialects.includes(dialect)).length;
  expect(count("postgres")).toBeGreaterThanOrEqual(25);
  expect(count("mysql")).toBeGreaterThanOrEqual(15);
  expect(count("sqlite")).toBeGreaterThanOrEqual(15);
});

test("without a transaction, no lock outlasts its statement", async () => {
  const sql = [
    "ALTER TABLE users ADD COLUMN plan text",
    "UPDATE users SET plan = 'x' WHERE id < 9",
  ];
  const migrations = [migrationOf(sql, { transactional: false })];
  const { findings } = await lintMigrations({ dialect: "postgres", migrations });
  expect(findings.map(({ rule }) => rule)).toEqual(["several-statements"]);
});
