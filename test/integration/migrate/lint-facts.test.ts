import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Dialect } from "../../../src/database/address.ts";
import { type Finding, lintMigrations } from "../../../src/migrate/lint/lint.ts";
import { startMysql } from "../../support/mysql.ts";
import { startPostgres } from "../../support/postgres.ts";

/** What the lint says of one statement on the table that `made` makes. */
async function findingsOf(dialect: Dialect, made: string[], sql: string): Promise<Finding[]> {
  const statements = (texts: string[]) => texts.map((text) => ({ sql: text, line: 1 }));
  const migration = {
    name: "20260101T000000Z-change",
    file: "change.sql",
    transactional: true,
    statements: statements([sql]),
    allowed: [],
    compatible: null,
    readsData: false,
  };
  return (await lintMigrations({ dialect, migrations: [migration], present: made })).findings;
}

describe("the lint knows what PostgreSQL does", () => {
  const made = [
    "CREATE TABLE u (id int PRIMARY KEY)",
    "CREATE TABLE t (id int NOT NULL, v varchar(10), w varchar, x text, n numeric(10,2), " +
      "ts timestamp(3), tz timestamptz, b varbit(8), c cidr, ch char(5), a int[], u int)",
  ];
  const rewriting = [
    "ALTER v TYPE varchar(20)",
    "ALTER v TYPE varchar",
    "ALTER v TYPE text",
    "ALTER v TYPE varchar(5)",
    "ALTER v TYPE varchar(20) USING v::varchar(20)",
    "ALTER v TYPE varchar(20) USING v::varchar(5)",
    "ALTER w TYPE varchar(20)",
    "ALTER x TYPE varchar",
    "ALTER n TYPE numeric(12,2)",
    "ALTER n TYPE numeric(12,3)",
    "ALTER n TYPE numeric(8,2)",
    "ALTER n TYPE numeric",
    "ALTER ts TYPE timestamp",
    "ALTER ts TYPE timestamp(1)",
    "ALTER b TYPE varbit(16)",
    "ALTER b TYPE varbit",
    "ALTER c TYPE inet",
    "ALTER ch TYPE char(10)",
    "ALTER ch TYPE text",
    "ALTER id TYPE bigint",
    "ALTER a TYPE bigint[]",
    "ADD p int DEFAULT 3 NOT NULL",
    "ADD p timestamptz DEFAULT now()",
    "ADD p timestamptz DEFAULT clock_timestamp()",
    "ADD p date DEFAULT current_date",
    "ADD p float DEFAULT random()",
    "ADD p uuid DEFAULT gen_random_uuid()",
    "ADD p jsonb DEFAULT jsonb_build_object('a', 1)",
    "ADD p text DEFAULT to_char(now(), 'YYYY')",
    "ADD p bigserial",
    "ADD p int GENERATED ALWAYS AS IDENTITY",
    "ADD p int GENERATED ALWAYS AS (id) STORED",
    "ADD p int CHECK (p > 0)",
    "SET UNLOGGED",
    "REPLICA IDENTITY FULL",
    "SET (fillfactor = 70)",
    "ALTER v SET DEFAULT 'x'",
  ];
  const scanning: [sql: string, rule: string][] = [
    ["ALTER TABLE t ADD CONSTRAINT q FOREIGN KEY (u) REFERENCES u", "add-foreign-key"],
    ["ALTER TABLE t ADD CONSTRAINT q CHECK (id > 0)", "add-check"],
    ["ALTER TABLE t ALTER u SET NOT NULL", "scan-not-null"],
    ["CREATE INDEX q ON t (u)", "add-index"],
    ["ALTER TABLE t ADD UNIQUE (u)", "add-key"],
    ["REINDEX TABLE t", "reindex"],
  ];

  test("which changes write the table anew, and which lock it for a scan", async (context) => {
    const server = await startPostgres();
    if (server === null) return context.skip();
    onTestFinished(() => server.stop());
    const client = new Client({ connectionString: await server.createDatabase() });
    await client.connect();
    onTestFinished(() => client.end());
    const fileOf = async (): Promise<string> => {
      const { rows } = await client.query<{ file: string }>(
        "SELECT pg_relation_filenode('t') AS file",
      );
      return rows[0]?.file ?? "";
    };
    for (const clause of rewriting) {
      await client.query("BEGIN");
      for (const sql of made) await client.query(sql);
      const before = await fileOf();
      await client.query(`ALTER TABLE t ${clause}`);
      const isRewritten = (await fileOf()) !== before;
      await client.query("ROLLBACK");
      const findings = await findingsOf("postgres", made, `ALTER TABLE t ${clause}`);
      const isFound = findings.some(({ rule }) => rule === "rewrite-table");
      expect.soft({ clause, isRewritten: isFound }).toEqual({ clause, isRewritten });
    }
    for (const [sql, rule] of scanning) {
      await client.query("BEGIN");
      for (const each of made) await client.query(each);
      await client.query("COMMIT");
      await client.query("BEGIN");
      await client.query(sql);
      const { rows } = await client.query(
        "SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 't'::regclass AND " +
          "mode IN ('ShareLock', 'ShareRowExclusiveLock', 'AccessExclusiveLock')",
      );
      await client.query("ROLLBACK");
      await client.query("DROP TABLE t, u");
      expect.soft({ sql, locks: rows.length > 0 }).toEqual({ sql, locks: true });
      const findings = await findingsOf("postgres", made, sql);
      expect.soft(findings.map((finding) => finding.rule)).toContain(rule);
    }
  });
});

describe("the lint knows what MariaDB does", () => {
  const made = [
    "CREATE TABLE u (id int PRIMARY KEY)",
    "CREATE TABLE t (id int PRIMARY KEY, v varchar(10), w varchar(60), l varchar(300), " +
      "e enum('a','b'), n int, nn int NOT NULL, KEY v (v)) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
  ];
  const clauses = [
    "ADD COLUMN p int NOT NULL DEFAULT 3 FIRST",
    "ADD COLUMN p int AUTO_INCREMENT UNIQUE",
    "ADD COLUMN p int AS (n + 1) STORED",
    "ADD COLUMN p int AS (n + 1) VIRTUAL",
    "ADD COLUMN p char(36) DEFAULT (uuid())",
    "ADD COLUMN p datetime DEFAULT CURRENT_TIMESTAMP",
    "ADD COLUMN p int REFERENCES u (id)",
    "ADD UNIQUE KEY q (n)",
    "ADD INDEX q (n)",
    "ADD FULLTEXT q (v)",
    "ADD CONSTRAINT q CHECK (n > 0)",
    "ADD CONSTRAINT q FOREIGN KEY (n) REFERENCES u (id)",
    "DROP COLUMN n",
    "DROP KEY v",
    "MODIFY v varchar(60)",
    "MODIFY w varchar(300)",
    "MODIFY l varchar(400)",
    "MODIFY v varchar(5)",
    "MODIFY e enum('a','b','c')",
    "MODIFY e enum('b','a')",
    "MODIFY n bigint",
    "MODIFY nn int",
    "MODIFY n int COMMENT 'x'",
    "CHANGE n m int",
    "RENAME COLUMN n TO m",
    "RENAME INDEX v TO w",
    "DROP PRIMARY KEY",
    "DROP PRIMARY KEY, ADD PRIMARY KEY (nn)",
    "CONVERT TO CHARACTER SET latin1",
    "FORCE",
    "ROW_FORMAT=DYNAMIC",
    "COMMENT='x'",
    "DEFAULT CHARACTER SET latin1",
    "ALTER COLUMN n SET DEFAULT 4",
    "ADD SYSTEM VERSIONING",
  ];

  test("which changes it makes beside writers", async (context) => {
    const server = await startMysql();
    if (server === null) return context.skip();
    onTestFinished(() => server.stop());
    const database = new URL(server.createDatabase()).pathname.slice(1);
    const isOnline = (clause: string): boolean => {
      server.query(database, `DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS u; ${made.join("; ")}`);
      try {
        server.query(database, `ALTER TABLE t ${clause}, LOCK=NONE`);
        return true;
      } catch {
        return false;
      }
    };
    for (const clause of clauses) {
      const findings = await findingsOf("mysql", made, `ALTER TABLE t ${clause}`);
      const isQuiet = !findings.some(({ effect }) => effect === "blocks");
      expect.soft({ clause, online: isQuiet }).toEqual({ clause, online: isOnline(clause) });
    }
  });
});
