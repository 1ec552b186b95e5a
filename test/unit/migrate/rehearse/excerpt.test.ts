import { expect, test } from "vitest";
import { excerptOf } from "../../../../src/migrate/rehearse/excerpt.ts";

test("a statement is shown on one line, cut where it is long", () => {
  expect(excerptOf("  ALTER TABLE users\n    ADD COLUMN a\tint ")).toBe(
    "ALTER TABLE users ADD COLUMN a int",
  );
  const long = excerptOf(`INSERT INTO a VALUES ${"('text'), ".repeat(5000)}`);
  expect(long).toHaveLength(200);
  expect(long.endsWith("…")).toBe(true);
});

test.each([
  [
    "CREATE ROLE a LOGIN PASSWORD 'hunter2' SUPERUSER",
    "CREATE ROLE a LOGIN PASSWORD '…' SUPERUSER",
  ],
  ["ALTER USER a PASSWORD 'it''s hunter2'", "ALTER USER a PASSWORD '…'"],
  ["CREATE USER a IDENTIFIED BY 'hunter2'", "CREATE USER a IDENTIFIED BY '…'"],
  ["CREATE USER a IDENTIFIED WITH x AS 'hunter2'", "CREATE USER a IDENTIFIED WITH x AS '…'"],
  [
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=hunter2 user=u'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=h password=… user=u'",
  ],
  ["SELECT 'a' AS 'b'", "SELECT 'a' AS 'b'"],
])("passwords are not shown: %s", (sql, shown) => {
  expect(excerptOf(sql)).toBe(shown);
});
