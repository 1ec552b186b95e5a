import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import { migrationOf } from "./migrations.ts";

/** A statement, or several with semicolons between them, and the rules that it meets. */
type Case = [sql: string, rules: string];

/** @param history what was applied before, likewise */
async function rulesOf(dialect: Dialect, sql: string, history: string): Promise<string> {
  const split = (text: string) => text.split("; ").filter((part) => part !== "");
  const migrations = [migrationOf(split(sql))];
  const report = await lintMigrations({ dialect, migrations, present: split(history) });
  return report.findings.map(({ rule }) => rule).join(" ");
}

function expectCases(dialect: Dialect, history: string, cases: Case[]): void {
  test.each(cases)("%s: %s", async (sql, rules) => {
    expect(await rulesOf(dialect, sql, history)).toBe(rules);
  });
}

describe("types of PostgreSQL that are known to", () => {
  const history =
    "CREATE TABLE t (v varchar(10), w varchar, x text, n numeric(10,2), ts timestamp(3), i int, c cidr, a int[])";
  const both = "change-column-type rewrite-table";
  expectCases("postgres", history, [
    ["ALTER TABLE t ALTER v TYPE varchar(20)", ""],
    ["ALTER TABLE t ALTER v TYPE text", ""],
    ["ALTER TABLE t ALTER x TYPE varchar", ""],
    ["ALTER TABLE t ALTER v TYPE varchar(5)", both],
    ["ALTER TABLE t ALTER w TYPE varchar(5)", both],
    ["ALTER TABLE t ALTER n TYPE numeric(12,2)", ""],
    ["ALTER TABLE t ALTER n TYPE numeric", ""],
    ["ALTER TABLE t ALTER n TYPE numeric(12,3)", both],
    ["ALTER TABLE t ALTER n TYPE numeric(8,2)", both],
    ["ALTER TABLE t ALTER ts TYPE timestamp", ""],
    ["ALTER TABLE t ALTER ts TYPE timestamptz", both],
    ["ALTER TABLE t ALTER i TYPE bigint", both],
    ["ALTER TABLE t ALTER i TYPE integer", ""],
    ["ALTER TABLE t ALTER c TYPE inet", ""],
    ["ALTER TABLE t ALTER a TYPE bigint[]", both],
    ["ALTER TABLE t ALTER v TYPE text USING upper(v)", both],
    ["ALTER TABLE t ALTER v TYPE varchar(20) USING v::varchar(20)", ""],
    ["ALTER TABLE t ALTER v TYPE varchar(20) USING w::varchar(20)", both],
    ["ALTER TABLE t ALTER v TYPE varchar(20) USING v::varchar(5)", both],
    ['ALTER TABLE t ALTER v TYPE text COLLATE "C"', both],
    ["ALTER TABLE t ALTER unheard TYPE text", both],
    ["ALTER TABLE t ALTER v TYPE varchar(20); ALTER TABLE t ALTER v TYPE varchar(15)", both],
  ]);
});

describe("columns that PostgreSQL adds", () => {
  expectCases("postgres", "", [
    ["ALTER TABLE t ADD c text", ""],
    ["ALTER TABLE t ADD c int DEFAULT 3 NOT NULL", ""],
    ["ALTER TABLE t ADD c timestamptz DEFAULT now()", ""],
    ["ALTER TABLE t ADD c date DEFAULT current_date", ""],
    ["ALTER TABLE t ADD c jsonb NOT NULL DEFAULT '{}'::jsonb", ""],
    ["ALTER TABLE t ADD c int NOT NULL DEFAULT NULL", "add-required-column"],
    ["ALTER TABLE t ADD c int NOT NULL DEFAULT NULL::int", "add-required-column"],
    ["ALTER TABLE t ADD c float DEFAULT random()", "rewrite-table"],
    ["ALTER TABLE t ADD c float DEFAULT app.pick()", "rewrite-table"],
    ["ALTER TABLE t ADD c bigserial", "rewrite-table"],
    ["ALTER TABLE t ADD c int GENERATED ALWAYS AS IDENTITY", "rewrite-table"],
    ["ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) STORED", "rewrite-table"],
    ["ALTER TABLE t ADD c int GENERATED ALWAYS AS (a + 1) VIRTUAL", ""],
    ["ALTER TABLE t ADD c int UNIQUE", "add-key"],
    ["ALTER TABLE t ADD c int DEFAULT 1 UNIQUE", "enforce-unique add-key"],
    ["ALTER TABLE t ADD c int REFERENCES u", "add-foreign-key"],
    ["ALTER TABLE t ADD c int CHECK (c > 0)", "add-check"],
    ["ALTER TABLE t ADD c int CHECK (c IS NOT NULL AND c > 0)", "enforce-check add-check"],
  ]);
});

describe("constraints of PostgreSQL", () => {
  expectCases("postgres", "CREATE TABLE k (id int NOT NULL, v text)", [
    ["ALTER TABLE k ALTER id SET NOT NULL", ""],
    ["ALTER TABLE k ALTER v SET NOT NULL", "require-column scan-not-null"],
    ["ALTER TABLE k ADD CONSTRAINT n NOT NULL v NOT VALID", "require-column"],
    ["ALTER TABLE k ADD CONSTRAINT n NOT NULL v", "require-column scan-not-null"],
    ["ALTER TABLE k ADD CHECK (v <> '') NOT ENFORCED", ""],
    ["ALTER TABLE k ADD FOREIGN KEY (v) REFERENCES u NOT ENFORCED", ""],
    ["ALTER TABLE k ADD PRIMARY KEY (id)", "enforce-unique add-key"],
    ["ALTER TABLE k ADD PRIMARY KEY USING INDEX k_id", ""],
    ["ALTER TABLE k ADD EXCLUDE USING gist (v WITH =)", "enforce-unique add-key"],
    ["ALTER TABLE k DROP CONSTRAINT c", ""],
    ["ALTER TABLE k DROP CONSTRAINT c CASCADE", "drop-cascade"],
    ["ALTER TABLE k ADD c int; ALTER TABLE k ALTER c SET NOT NULL", "require-column scan-not-null"],
    ["ALTER TABLE k ADD c int DEFAULT 1; ALTER TABLE k ALTER c SET NOT NULL", "scan-not-null"],
    [
      "ALTER TABLE k ADD c int NOT NULL DEFAULT 1; ALTER TABLE k ALTER c DROP DEFAULT",
      "drop-default",
    ],
    [
      "ALTER TABLE k ADD CONSTRAINT c CHECK (v <> '') NOT VALID, VALIDATE CONSTRAINT c",
      "enforce-check validate-under-lock",
    ],
    ["ALTER TABLE k VALIDATE CONSTRAINT c", ""],
  ]);
});

describe("other statements of PostgreSQL", () => {
  expectCases("postgres", "", [
    ["ALTER TABLE t SET SCHEMA archive", "rename-table"],
    ["ALTER TABLE t RENAME CONSTRAINT a TO b", ""],
    ["ALTER TABLE t RENAME TO u; CREATE VIEW t AS SELECT * FROM u", ""],
    ["ALTER VIEW v RENAME COLUMN a TO b", "rename-column"],
    ["ALTER TABLE t ALTER c DROP IDENTITY", "drop-default"],
    ["ALTER TABLE t ALTER c SET GENERATED ALWAYS", "always-generated"],
    ["ALTER TABLE t SET (fillfactor = 70)", ""],
    ["ALTER TABLE t SET UNLOGGED", "rewrite-table"],
    ["ALTER TABLE t DISABLE TRIGGER ALL", "drop-trigger"],
    ["ALTER TABLE t OWNER TO other", "restrict-access"],
    ["ALTER TYPE point_3d DROP ATTRIBUTE z", "change-type"],
    ["ALTER TYPE point_3d ADD ATTRIBUTE t int", ""],
    ["ALTER DOMAIN email ADD CHECK (VALUE LIKE '%@%')", "change-type"],
    ["ALTER SCHEMA a RENAME TO b", "drop-schema"],
    ["DROP EXTENSION citext", "drop-schema"],
    ["DROP MATERIALIZED VIEW m", "drop-view"],
    [
      "DROP FUNCTION f(int); CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
      "drop-function",
    ],
    ["DROP POLICY p ON t", "restrict-access"],
    ["DROP POLICY p ON t; CREATE POLICY p ON t USING (true)", ""],
    ["DROP TABLE a, b CASCADE", "drop-table drop-cascade drop-table"],
    ["TRUNCATE a CASCADE", "drop-cascade remove-rows"],
    [
      "WITH old AS (DELETE FROM t RETURNING *) INSERT INTO archive SELECT * FROM old",
      "remove-rows",
    ],
    ["WITH old AS (SELECT 1) UPDATE t SET a = 1", "update-all-rows"],
    ["UPDATE t SET a = u.a FROM u", ""],
    ["MERGE INTO t USING u ON t.id = u.id WHEN MATCHED THEN DELETE", ""],
    ["INSERT INTO t SELECT * FROM u", ""],
    ["SELECT create_hypertable('t', 'time')", "hidden"],
    ["SELECT set_config('a.b', 'c', true), pg_advisory_xact_lock(1)", ""],
    ["EXPLAIN ANALYZE DELETE FROM t", "hidden"],
    ["SET search_path = audit", "hidden"],
    ["SET search_path = public", ""],
    ["RESET ALL", "unlimited-wait"],
    ["SET lock_timeout = '0ms'", "unlimited-wait"],
    ["LOCK TABLE t IN ACCESS SHARE MODE", ""],
    ["LOCK t", "lock-table"],
    ["CREATE DATABASE d", "needs-no-transaction"],
    ["REINDEX SCHEMA public", "needs-no-transaction reindex"],
    ["CLUSTER t USING i", "compact-table"],
    ["CREATE TABLE n (); CREATE INDEX CONCURRENTLY i ON n (a)", "needs-no-transaction"],
    ["CREATE TYPE e AS ENUM ('a'); ALTER TYPE e ADD VALUE 'b'; INSERT INTO t VALUES ('b')", ""],
    ["CREATE TABLE p PARTITION OF t DEFAULT", ""],
    ["SELECT 1; -- only a comment", ""],
  ]);
});

describe("ALTER TABLE of MySQL and MariaDB", () => {
  const history =
    "CREATE TABLE k (id INT PRIMARY KEY, n INT, nn INT NOT NULL DEFAULT 1, v VARCHAR(10), e ENUM('a','b'))";
  const unknown = "change-column-type rewrite-table";
  expectCases("mysql", history, [
    ["ALTER TABLE t ADD (a INT, b INT NOT NULL)", "add-required-column"],
    ["ALTER TABLE t ADD COLUMN IF NOT EXISTS a INT", ""],
    ["ALTER TABLE t ADD a INT FIRST, DROP COLUMN IF EXISTS b", "drop-column"],
    ["ALTER ONLINE IGNORE TABLE t WAIT 5 DROP b", "drop-column"],
    ["ALTER TABLE t RENAME u", "rename-table"],
    ["ALTER TABLE t RENAME INDEX a TO b, RENAME KEY c TO d", ""],
    ["ALTER TABLE t DROP CHECK c, DROP KEY i, DROP FOREIGN KEY f", ""],
    ["ALTER TABLE t ENGINE = InnoDB", "rewrite-table"],
    ["ALTER TABLE t ENGINE=MyISAM, LOCK=NONE", ""],
    ["ALTER TABLE t FORCE", ""],
    ["ALTER TABLE t ROW_FORMAT=DYNAMIC, COMMENT 'x', DEFAULT CHARSET utf8mb4", ""],
    ["ALTER TABLE t ADD COLUMN c INT AUTO_INCREMENT UNIQUE", "rewrite-table"],
    ["ALTER TABLE t ADD COLUMN c CHAR(36) DEFAULT (UUID())", "rewrite-table"],
    ["ALTER TABLE t ADD COLUMN c INT AS (a + 1) STORED", "rewrite-table"],
    ["ALTER TABLE t ADD COLUMN c INT AS (a + 1) VIRTUAL", ""],
    ["ALTER TABLE t ADD COLUMN c INT REFERENCES u (id)", "add-foreign-key"],
    ["ALTER TABLE t ADD FULLTEXT KEY f (a)", "add-index"],
    ["ALTER TABLE t DROP PRIMARY KEY", "drop-unique rewrite-table"],
    ["ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)", "drop-unique enforce-unique"],
    ["ALTER TABLE t DROP PARTITION p1", "remove-rows"],
    ["ALTER TABLE t REMOVE PARTITIONING", "rewrite-table"],
    ["ALTER TABLE t ADD PARTITION (PARTITION p1 VALUES LESS THAN (3))", ""],
    ["ALTER TABLE t ALTER CHECK c ENFORCED", "enforce-check add-check"],
    ["ALTER TABLE t ALTER INDEX i INVISIBLE, ALTER a SET DEFAULT 1", ""],
    ["ALTER TABLE t ADD SYSTEM VERSIONING", "rewrite-table"],
    ["ALTER TABLE t MODIFY a INT", unknown],
    ["ALTER TABLE k MODIFY n INT", ""],
    ["ALTER TABLE k MODIFY n BIGINT", "rewrite-table"],
    ["ALTER TABLE k MODIFY n INT UNSIGNED", unknown],
    ["ALTER TABLE k MODIFY n INT(11) NOT NULL", "require-column"],
    ["ALTER TABLE k MODIFY nn INT NOT NULL", "drop-default"],
    ["ALTER TABLE k CHANGE n m INT", "rename-column"],
    ["ALTER TABLE k MODIFY v VARCHAR(60)", ""],
    ["ALTER TABLE k MODIFY v VARCHAR(200)", "rewrite-table"],
    ["ALTER TABLE k MODIFY v VARCHAR(5)", unknown],
    ["ALTER TABLE k MODIFY e ENUM('a','b','c')", ""],
    ["ALTER TABLE k MODIFY e ENUM('a','c')", unknown],
    ["ALTER TABLE t ADD /*!80013 UNIQUE */ INDEX i (a)", "enforce-unique"],
    ["ALTER TABLE t DISCARD TABLESPACE", "unparsed"],
  ]);
});

describe("other statements of MySQL and MariaDB", () => {
  expectCases("mysql", "", [
    ["CREATE UNIQUE INDEX i ON t (a(10)) LOCK=NONE", "enforce-unique"],
    ["CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", ""],
    ["CREATE DEFINER=`a`@`%` PROCEDURE p() SELECT 1", ""],
    ["CREATE OR REPLACE TABLE t (a INT)", "drop-table"],
    ["ALTER ALGORITHM = MERGE SQL SECURITY INVOKER VIEW v AS SELECT 1", "replace-view"],
    ["ALTER DATABASE d CHARACTER SET utf8mb4", ""],
    ["OPTIMIZE LOCAL TABLE a, b", "compact-table compact-table"],
    ["ANALYZE UPDATE t SET a = 1 WHERE b = 2", "hidden"],
    ["FLUSH TABLES WITH READ LOCK", "lock-table"],
    ["USE other", "hidden"],
    ["DROP USER app", "restrict-access"],
    ["CREATE USER app IDENTIFIED BY 'x'", ""],
    ["DELETE t FROM t JOIN u ON t.a = u.a", ""],
    ["WITH x AS (SELECT 1) UPDATE t SET a = 1", "update-all-rows"],
    ["/*!40101 DROP TABLE t */", "drop-table"],
    ["START TRANSACTION; INSERT INTO t VALUES (1); COMMIT", ""],
    ["RENAME TABLE a TO b, c TO d", "rename-table rename-table"],
    ["XA BEGIN 'a'", ""],
    ["HANDLER t OPEN", "unparsed"],
  ]);

  test("a statement behind a semicolon is read as well", async () => {
    const migrations = [migrationOf(["OPTIMIZE TABLE a;DROP TABLE b;"])];
    const { findings } = await lintMigrations({ dialect: "mysql", migrations });
    const rules = findings.map(({ rule }) => rule);
    expect(rules).toEqual(["compact-table", "drop-table"]);
  });
});

describe("statements of SQLite", () => {
  expectCases("sqlite", "", [
    ["ALTER TABLE t ADD c INT DEFAULT (-1)", ""],
    ["ALTER TABLE t ADD c TEXT DEFAULT (NULL)", ""],
    ["ALTER TABLE t ADD c INT DEFAULT (1 + 1)", "refused-column"],
    ["ALTER TABLE t ADD c INT UNIQUE", "refused-column"],
    ["ALTER TABLE t ADD c INT PRIMARY KEY", "refused-column"],
    ["ALTER TABLE t ADD c INT GENERATED ALWAYS AS (a) STORED", "refused-column"],
    ["ALTER TABLE t ADD c INT GENERATED ALWAYS AS (a) VIRTUAL", ""],
    ["ALTER TABLE t ADD c INT REFERENCES u", ""],
    ["ALTER TABLE t ADD c INT CHECK (c IS NOT NULL)", "enforce-check"],
    ["CREATE INDEX i ON t (a)", ""],
    ["REINDEX t", ""],
    ["PRAGMA journal_mode = WAL", "needs-no-transaction"],
    ["PRAGMA foreign_keys = OFF", ""],
    ["ATTACH 'x.db' AS x", "needs-no-transaction"],
    ["DELETE FROM t WHERE a", ""],
    ["UPDATE t SET a = 1 FROM u WHERE u.id = t.id", ""],
    ["CREATE VIRTUAL TABLE f USING fts5(a); DROP TABLE f", ""],
    ["DROP TABLE t; CREATE TABLE t (a)", "drop-table"],
    ["CREATE UNIQUE INDEX t_a ON t (a); CREATE UNIQUE INDEX t_a ON t (a)", "enforce-unique"],
    ["CREATE TABLE n AS SELECT * FROM t; DROP TABLE t; ALTER TABLE n RENAME TO t", "replace-table"],
    ["CREATE TRIGGER x AFTER UPDATE ON t BEGIN DELETE FROM u", "unparsed"],
  ]);
});
