import { expect, test } from "vitest";
import { neededLocks } from "../../../../src/migrate/rehearse/postgres/needed-locks.ts";
import { parseStatements } from "../../../../src/migrate/rehearse/postgres/parse.ts";

const locksOf = async (sql: string): Promise<string[]> =>
  neededLocks((await parseStatements(sql)) ?? []).map(
    ({ schema, name, mode }) => `${schema === null ? "" : `${schema}.`}${name}: ${mode}`,
  );

test.each([
  ["ALTER TABLE a ADD COLUMN b int", ["a: ACCESS EXCLUSIVE"]],
  ["ALTER TABLE s.a VALIDATE CONSTRAINT c", ["s.a: SHARE UPDATE EXCLUSIVE"]],
  [
    "ALTER TABLE a ADD CONSTRAINT c FOREIGN KEY (x) REFERENCES b (y) NOT VALID",
    ["a: SHARE ROW EXCLUSIVE", "b: SHARE ROW EXCLUSIVE"],
  ],
  [
    "ALTER TABLE a ATTACH PARTITION b FOR VALUES IN (1)",
    ["a: SHARE UPDATE EXCLUSIVE", "b: ACCESS EXCLUSIVE"],
  ],
  ["ALTER TABLE a RENAME TO b", ["a: ACCESS EXCLUSIVE"]],
  ["ALTER INDEX i RENAME TO j", ["i: SHARE UPDATE EXCLUSIVE"]],
  ["CREATE INDEX ON a (b)", ["a: SHARE"]],
  ["CREATE INDEX CONCURRENTLY i ON a (b)", ["a: SHARE UPDATE EXCLUSIVE"]],
  ["CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f()", ["a: SHARE ROW EXCLUSIVE"]],
  ["CREATE POLICY p ON a", ["a: ACCESS EXCLUSIVE"]],
  ["CREATE TABLE n (x int REFERENCES a)", ["a: SHARE ROW EXCLUSIVE"]],
  ["CREATE TABLE n PARTITION OF a FOR VALUES IN (1)", ["a: ACCESS EXCLUSIVE"]],
  ["CREATE TABLE n (x int)", []],
  ["DROP TABLE a, s.b", ["a: ACCESS EXCLUSIVE", "s.b: ACCESS EXCLUSIVE"]],
  ["DROP INDEX CONCURRENTLY i", ["i: SHARE UPDATE EXCLUSIVE"]],
  ["DROP TRIGGER t ON s.a", ["s.a: ACCESS EXCLUSIVE"]],
  ["DROP FUNCTION f()", []],
  ["TRUNCATE a, b", ["a: ACCESS EXCLUSIVE", "b: ACCESS EXCLUSIVE"]],
  ["LOCK TABLE a IN SHARE MODE", ["a: SHARE"]],
  ["REINDEX INDEX i", ["i: ACCESS EXCLUSIVE"]],
  ["REINDEX TABLE CONCURRENTLY a", ["a: SHARE UPDATE EXCLUSIVE"]],
  ["VACUUM FULL a", ["a: ACCESS EXCLUSIVE"]],
  ["VACUUM a", ["a: SHARE UPDATE EXCLUSIVE"]],
  ["REFRESH MATERIALIZED VIEW CONCURRENTLY m", ["m: EXCLUSIVE"]],
  ["CLUSTER a", ["a: ACCESS EXCLUSIVE"]],
  ["UPDATE a SET x = 1 FROM b", ["a: ROW EXCLUSIVE"]],
  ["SELECT 1 FROM a", []],
  ["INSERT INTO a VALUES (1); DELETE FROM b", ["a: ROW EXCLUSIVE", "b: ROW EXCLUSIVE"]],
])("%s", async (sql, locks) => {
  expect(await locksOf(sql)).toEqual(locks);
});
