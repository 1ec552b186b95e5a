import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { tokensOf } from "../../../../src/migrate/lint/mysql/tokens.ts";
import { migrationOf } from "./migrations.ts";

const dialects: Dialect[] = ["postgres", "mysql", "sqlite"];

const words = (
  "ALTER TABLE users ADD COLUMN note text NOT NULL DEFAULT 1 now ( ) , ; ' \" ` . = -- /* */ /*! # " +
  "DROP CREATE INDEX CONCURRENTLY UNIQUE ON RENAME TO MODIFY CHANGE TYPE SET NULL CHECK PRIMARY " +
  "KEY FOREIGN REFERENCES IF EXISTS UPDATE DELETE FROM WHERE INSERT INTO SELECT WITH AS VIEW " +
  "TRIGGER BEGIN END DO $$ PARTITION ALGORITHM LOCK NONE CONVERT \n studio: allow drop-table"
).split(" ");

const sentences = fc
  .array(fc.constantFrom(...words), { maxLength: 14 })
  .map((all) => all.join(" "));

describe.each(dialects)("on %s", (dialect) => {
  test("any text is judged, and never thrown at", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(sentences, fc.string({ unit: "binary" })), async (sql) => {
        const report = await lintMigrations({ dialect, migrations: [migrationOf([sql])] });
        expect(report.migrations).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });

  test("a table is dropped with an error whatever stands around the statement", async () => {
    const comment = fc.stringMatching(/^[a-z ']{0,10}$/).map((text) => `/*${text}*/`);
    const space = fc.oneof(fc.constantFrom(" ", "\n", "\t"), comment);
    await fc.assert(
      fc.asyncProperty(fc.array(space, { minLength: 3, maxLength: 3 }), async ([a, b, c]) => {
        const sql = `${a}DROP${b} TABLE${c} users`;
        const report = await lintMigrations({ dialect, migrations: [migrationOf([sql])] });
        expect(report.findings).toMatchObject([{ rule: "drop-table" }]);
      }),
      { numRuns: 50 },
    );
  });

  test("nothing that follows a NUL character, or nests too deep, passes unread", async () => {
    const deep = "(".repeat(30_000);
    for (const sql of ["SELECT 1 \0; DROP TABLE users", `SELECT ${deep}1${")".repeat(30_000)}`]) {
      const report = await lintMigrations({ dialect, migrations: [migrationOf([sql])] });
      if (report.findings.length === 0) expect(dialect).toBe("sqlite");
      else expect(report.findings).toMatchObject([{ rule: "unparsed" }]);
    }
  });

  test("after a very long chain of operators, the next statement is read as ever", async () => {
    const chain = `UPDATE users SET note = 1 WHERE 1${" + 1".repeat(30_000)} > 0`;
    const migrations = [migrationOf([chain]), migrationOf(["ALTER TABLE users DROP COLUMN note"])];
    const report = await lintMigrations({ dialect, migrations });
    expect(report.findings.at(-1)).toMatchObject({ rule: "drop-column" });
  });
});

test("tokens of MySQL cover any text in order, and end", () => {
  fc.assert(
    fc.property(fc.oneof(sentences, fc.string({ unit: "binary" })), (sql) => {
      let end = 0;
      for (const token of tokensOf(sql)) {
        expect(token.start).toBeGreaterThanOrEqual(end);
        expect(token.end).toBeGreaterThan(token.start);
        end = token.end;
      }
      expect(end).toBeLessThanOrEqual(sql.length);
    }),
  );
});
