import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { type LintInput, lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { migrationOf } from "./migrations.ts";

const dropNote = "ALTER TABLE users DROP COLUMN note";

async function lint(statements: string[], changes: Parameters<typeof migrationOf>[1] = {}) {
  const migrations = [migrationOf(statements, changes)];
  return lintMigrations({ dialect: "postgres", migrations });
}

async function rulesIn(input: LintInput): Promise<string[]> {
  return (await lintMigrations(input)).findings.map(({ rule }) => rule);
}

describe("a finding", () => {
  test("says where it is, what happens to whom, and what to do instead", async () => {
    const sql = "\n-- The column is empty.\n\nALTER TABLE users\n  DROP COLUMN note";
    const { findings } = await lint(["SELECT 1", sql]);
    expect(findings).toEqual([
      {
        rule: "drop-column",
        effect: "breaks",
        level: "error",
        migration: "20260101T000000Z-change",
        file: "/project/migrations/20260101T000000Z-change.sql",
        line: 5,
        statement: "ALTER TABLE users DROP COLUMN note",
        message: expect.stringContaining("users.note") as string,
        rewrite: expect.stringContaining("ALTER TABLE users DROP COLUMN note;") as string,
      },
    ]);
  });

  test("has no line where a program made the statement", async () => {
    const { findings } = await lint([], { statements: [{ sql: dropNote, line: null }] });
    expect(findings).toMatchObject([{ line: null, statement: dropNote }]);
  });

  test("shows a long statement cut", async () => {
    const { findings } = await lint([
      `${dropNote}, ADD COLUMN remark text DEFAULT '${"x".repeat(500)}'`,
    ]);
    expect(findings[0]?.statement).toHaveLength(120);
    expect(findings[0]?.statement).toMatch(/…$/);
  });

  test("never shows a password, not even by the parser's message", async () => {
    const { findings } = await lint([
      "CREATE ROLE app PASSWORD 'hunter2' PASSWORD",
      "ALTER ROLE app PASSWORD 'hunter2'",
    ]);
    expect(findings.map(({ rule }) => rule)).toEqual(["unparsed", "restrict-access"]);
    expect(JSON.stringify(findings)).not.toContain("hunter2");
  });

  test("comes once for a statement that meets a rule twice in the same way", async () => {
    const { findings } = await lint(["SELECT app.refresh(), app.refresh()"]);
    expect(findings).toHaveLength(1);
  });

  test("quotes the names that SQL needs quoted", async () => {
    const { findings } = await lint(['ALTER TABLE "Order" DROP COLUMN "user"']);
    expect(findings[0]?.rewrite).toContain('ALTER TABLE "Order" DROP COLUMN "user";');
  });
});

describe("the verdict", () => {
  test("is compatible and safe where nothing is found", async () => {
    const report = await lint(["ALTER TABLE users ADD COLUMN note text"]);
    expect(report).toEqual({
      findings: [],
      allowed: [],
      migrations: [{ name: "20260101T000000Z-change", compatible: true, declared: null }],
      safe: true,
    });
  });

  test("is not compatible where something breaks or cannot be read", async () => {
    for (const sql of [dropNote, "ALTER TABLE users ADD COLUMN note text text"]) {
      const report = await lint([sql]);
      expect(report.migrations).toMatchObject([{ compatible: false }]);
      expect(report.safe).toBe(false);
    }
  });

  test("is compatible but not safe where something only blocks or fails", async () => {
    for (const sql of ["CREATE INDEX i ON users (note)", "COMMIT"]) {
      const report = await lint([sql]);
      expect(report.migrations).toMatchObject([{ compatible: true }]);
      expect(report.safe).toBe(false);
    }
  });

  test("is not touched by warnings", async () => {
    const report = await lint(["DROP INDEX users_note", "DO $$ BEGIN END $$"]);
    expect(report.findings.map(({ level }) => level)).toEqual(["warning", "warning"]);
    expect(report.migrations).toMatchObject([{ compatible: true }]);
    expect(report.safe).toBe(true);
  });

  test("is what the author declared, with a warning where the lint finds otherwise", async () => {
    const report = await lint([dropNote], { compatible: true });
    expect(report.findings).toMatchObject([
      { rule: "drop-column", level: "error" },
      { rule: "declared-compatible", level: "warning", line: null, statement: null },
    ]);
    expect(report.migrations).toMatchObject([{ compatible: true, declared: true }]);
    expect(report.safe).toBe(true);
  });

  test("is not compatible where the author says so, though nothing is found", async () => {
    const report = await lint(["SELECT 1"], { compatible: false });
    expect(report.findings).toEqual([]);
    expect(report.migrations).toMatchObject([{ compatible: false, declared: false }]);
    expect(report.safe).toBe(false);
  });
});

describe("an author", () => {
  test("allows a rule for one statement, by a comment before it", async () => {
    const allowed = `-- studio: allow drop-column, add-index unused since 1.4\n${dropNote}`;
    const report = await lint([allowed, "ALTER TABLE users DROP COLUMN fax"]);
    expect(report.findings).toMatchObject([{ line: 2 }]);
    expect(report.allowed).toMatchObject([{ rule: "drop-column", line: 2 }]);
  });

  test("allows a rule for a whole migration", async () => {
    const report = await lint([dropNote], { allowed: ["drop-column"] });
    expect(report.findings).toEqual([]);
    expect(report.safe).toBe(true);
    expect(report.allowed).toHaveLength(1);
  });

  test("declares nothing against the lint by what is allowed", async () => {
    const report = await lint([dropNote], { allowed: ["drop-column"], compatible: true });
    expect(report.findings).toEqual([]);
  });

  test("is told of a rule that does not exist, with the one that may be meant", async () => {
    const report = await lint([`/* studio: allow drop-colum */ ${dropNote}`], {
      allowed: ["add-indexes"],
    });
    expect(report.findings.map(({ rule, line }) => [rule, line])).toEqual([
      ["drop-column", 1],
      ["unknown-rule", 1],
      ["unknown-rule", null],
    ]);
    expect(report.findings[1]?.rewrite).toContain("drop-column");
    expect(report.findings[2]?.rewrite).toContain("add-index");
  });

  test("is told of a comment that allows nothing", async () => {
    const report = await lint(["-- studio: allow\nSELECT 1"]);
    expect(report.findings).toMatchObject([{ rule: "unknown-rule" }]);
  });

  test("is told that what a program does with data is not seen", async () => {
    const report = await lint(["SELECT 1"], { readsData: true });
    expect(report.findings).toMatchObject([{ rule: "hidden", level: "warning", statement: null }]);
    expect(report.safe).toBe(true);
  });

  test("is told that what a program does after it stopped is not known", async () => {
    const report = await lint(["SELECT 1"], { readsData: true, stoppedBy: "no such table" });
    expect(report.findings).toMatchObject([{ rule: "hidden", level: "error", statement: null }]);
    expect(report.findings[0]?.message).toContain("no such table");
    expect(report.migrations).toMatchObject([{ compatible: false }]);
  });
});

describe("what the same set made is new", () => {
  const later = (statements: string[]) =>
    migrationOf(statements, { name: "20260102T000000Z-next" });

  test("across its migrations, for tables, columns, indexes, types and views", async () => {
    const first = [
      "CREATE TYPE state AS ENUM ('open')",
      "CREATE TABLE orders (id bigint PRIMARY KEY, state state)",
      "CREATE VIEW open_orders AS SELECT * FROM orders",
    ];
    const second = [
      "DROP VIEW open_orders",
      "ALTER TABLE public.orders RENAME COLUMN state TO stage",
      "CREATE UNIQUE INDEX orders_stage ON orders (stage)",
      "DROP INDEX orders_stage",
      "ALTER TYPE state RENAME TO stage",
      "UPDATE orders SET stage = 'open'",
      "DROP TABLE orders",
    ];
    const migrations = [migrationOf(first), later(second)];
    expect(await rulesIn({ dialect: "postgres", migrations })).toEqual([]);
  });

  test("but not what was applied before it", async () => {
    const present = ["CREATE TABLE orders (id bigint)"];
    const migrations = [
      later(["CREATE TABLE IF NOT EXISTS orders (id bigint)", "DROP TABLE orders"]),
    ];
    expect(await rulesIn({ dialect: "postgres", migrations, present })).toEqual(["drop-table"]);
  });

  test("nor a table in the place of one that was there", async () => {
    const sql = ["DROP TABLE orders", "CREATE TABLE orders (id bigint)", "DROP TABLE orders"];
    const migrations = [migrationOf(sql)];
    expect(await rulesIn({ dialect: "postgres", migrations })).toEqual([
      "drop-table",
      "drop-table",
    ]);
  });

  test("nor a table that goes on under a view of its former name", async () => {
    const sql = [
      "ALTER TABLE users RENAME TO people",
      "CREATE VIEW users AS SELECT * FROM people",
      "ALTER TABLE people ADD COLUMN plan text NOT NULL",
    ];
    const migrations = [migrationOf(sql)];
    expect(await rulesIn({ dialect: "postgres", migrations })).toEqual(["add-required-column"]);
  });

  test("and of another schema than a table of the same name", async () => {
    const migrations = [migrationOf(["CREATE TABLE audit.users (id bigint)", "DROP TABLE users"])];
    expect(await rulesIn({ dialect: "postgres", migrations })).toEqual(["drop-table"]);
  });

  test("whatever the case of its name where the database does not tell them apart", async () => {
    const sql = ["CREATE TABLE Orders (Id INTEGER)", 'ALTER TABLE "orders" DROP COLUMN ID'];
    const migrations = [migrationOf(sql)];
    for (const dialect of ["sqlite", "postgres"] as const) {
      expect(await rulesIn({ dialect, migrations })).toEqual([]);
    }
    const quoted = [migrationOf(['CREATE TABLE "Orders" (id int)', "DROP TABLE orders"])];
    expect(await rulesIn({ dialect: "postgres", migrations: quoted })).toEqual(["drop-table"]);
  });
});

test("five hundred migrations are judged in well under a second", async () => {
  const dialects: Dialect[] = ["postgres", "mysql", "sqlite"];
  for (const dialect of dialects) {
    const migrations = Array.from({ length: 500 }, (_, index) =>
      migrationOf([`ALTER TABLE t${index} ADD COLUMN c VARCHAR(20) NOT NULL DEFAULT 'x'`]),
    );
    await lintMigrations({ dialect, migrations: migrations.slice(0, 50) });
    const started = performance.now();
    const report = await lintMigrations({ dialect, migrations });
    // Some 100 ms on an idle machine.
    expect(performance.now() - started).toBeLessThan(2000);
    expect(report.findings).toEqual([]);
  }
});
