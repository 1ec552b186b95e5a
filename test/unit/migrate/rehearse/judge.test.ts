import { describe, expect, test } from "vitest";
import { judgeOnMysqlClone } from "../../../../src/migrate/rehearse/mysql/judge.ts";
import {
  judgeInTransaction,
  judgeOnClone,
} from "../../../../src/migrate/rehearse/postgres/judge.ts";

describe("inside the transaction that is rolled back", () => {
  test.each([
    "COMMIT",
    "  /* at last */ end",
    "ROLLBACK AND CHAIN",
    "PREPARE TRANSACTION 'x'",
    "CREATE TABLE a (b int); COMMIT",
    "CREATE SOMETHING NEW; COMMIT",
    "SELECT setval('a_id_seq', 1)",
    "DO $$ BEGIN PERFORM pg_catalog.setval ('a_id_seq', 1); END $$",
  ])("%s is refused", async (sql) => {
    expect(await judgeInTransaction(sql)).toHaveProperty("refuse");
  });

  test.each([
    "SAVEPOINT a",
    "ROLLBACK TO SAVEPOINT a",
    "INSERT INTO notes VALUES ('COMMIT; setval')",
    "INSERT INTO notes VALUES ('; COMMIT')",
    "COMMENT ON TABLE a IS 'END'",
    "CREATE ROLE reader",
    "DO $$ BEGIN NULL; END $$",
    "THIS IS NO SQL",
  ])("%s passes", async (sql) => {
    expect(await judgeInTransaction(sql)).toBeNull();
  });
});

describe("on a copy of a PostgreSQL database", () => {
  test.each([
    "CREATE ROLE reader",
    "ALTER USER reader PASSWORD 'x'",
    "GRANT reader TO writer",
    "ALTER DATABASE shop SET timezone TO 'UTC'",
    "GRANT CONNECT ON DATABASE shop TO reader",
    "COMMENT ON DATABASE shop IS 'x'",
    "ALTER DATABASE shop OWNER TO reader",
    "ALTER SYSTEM SET work_mem = '1GB'",
    "DROP OWNED BY reader",
    "CREATE SUBSCRIPTION s CONNECTION 'x' PUBLICATION p",
    "DO $$ BEGIN CREATE ROLE reader; EXCEPTION WHEN OTHERS THEN NULL; END $$",
    "CREATE TABLE a (b int); CREATE ROLE reader",
  ])("%s is left out", async (sql) => {
    expect(await judgeOnClone(sql)).toHaveProperty("skip");
  });

  test.each([
    "GRANT SELECT ON users TO reader",
    "CREATE TABLE role (a int)",
    "INSERT INTO notes VALUES ('CREATE ROLE x')",
    "COMMIT",
    "DO $$ BEGIN RAISE NOTICE 'hello'; END $$",
  ])("%s passes", async (sql) => {
    expect(await judgeOnClone(sql)).toBeNull();
  });
});

describe("on a copy of a MySQL database, on the same server", () => {
  test.each([
    "UPDATE shop.users SET id = 1",
    "ALTER TABLE `shop` . `users` ADD a INT",
    "INSERT INTO copy SELECT * FROM SHOP.users",
    'ALTER TABLE "shop"."users" ADD a INT',
    "USE other",
  ])("%s is refused", (sql) => {
    expect(judgeOnMysqlClone(sql, "shop")).toHaveProperty("refuse");
  });

  test.each([
    "GRANT SELECT ON shop.* TO reader",
    "CREATE USER reader IDENTIFIED BY 'x'",
    "-- a role\nCREATE OR REPLACE ROLE reader",
    "/* all of it */ DROP DATABASE other",
    "SET GLOBAL max_connections = 1",
    "KILL 5",
  ])("%s is left out", (sql) => {
    expect(judgeOnMysqlClone(sql, "shop")).toHaveProperty("skip");
  });

  test.each([
    "UPDATE users SET shop = 1",
    "ALTER TABLE workshop.users ADD a INT",
    "SELECT users.shop FROM users",
    "CREATE TABLE user (id INT)",
    "SET foreign_key_checks = 0",
    "SET NAMES utf8mb4",
  ])("%s passes", (sql) => {
    expect(judgeOnMysqlClone(sql, "shop")).toBeNull();
  });
});
