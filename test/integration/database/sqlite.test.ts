import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import {
  dropKeptSqliteTable,
  restoreSqliteTable,
  undoRestoreSqliteTable,
} from "../../../src/database/dump-sqlite-restore.ts";
import { copySqlite } from "../../../src/database/dump-sqlite.ts";
import { createIdentifier } from "../../../src/identifier.ts";

function openDatabase(): { file: string; folder: string; database: Database.Database } {
  const folder = mkdtempSync(join(tmpdir(), "studio-database-test-"));
  const file = join(folder, "studio.db");
  const database = new Database(file);
  onTestFinished(() => {
    database.close();
    rmSync(folder, { recursive: true, force: true });
  });
  database.pragma("journal_mode = WAL");
  database.pragma("foreign_keys = ON");
  database.exec(`
    CREATE TABLE accounts (id INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT UNIQUE, amount INTEGER);
    CREATE TABLE transfers (source INTEGER REFERENCES accounts ON DELETE CASCADE, amount INTEGER,
      doubled INTEGER AS (amount * 2));
    CREATE TABLE audit (what TEXT);
    CREATE INDEX by_amount ON accounts (amount);
    CREATE TRIGGER on_delete AFTER DELETE ON accounts BEGIN INSERT INTO audit VALUES ('delete'); END;
    CREATE TRIGGER on_insert AFTER INSERT ON accounts BEGIN INSERT INTO audit VALUES ('insert'); END;
    INSERT INTO accounts (owner, amount) VALUES ('a', 1), ('b', 2), ('c', 3);
    INSERT INTO transfers (source, amount) VALUES (1, 10), (2, 20);
    DELETE FROM transfers WHERE rowid = 1;
    INSERT INTO transfers (source, amount) VALUES (3, 30);
    DELETE FROM audit;`);
  return { file, folder, database };
}

async function copied() {
  const opened = openDatabase();
  const from = join(opened.folder, "copy.db");
  await copySqlite(opened.file, from);
  const id = createIdentifier(new Date());
  const all = (sql: string): unknown[] => opened.database.prepare(sql).all();
  return { ...opened, all, options: { file: opened.file, from, id } };
}

test("a database that is written every few milliseconds is copied in bounded time", async () => {
  const { file, folder, database } = openDatabase();
  database.exec(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
    INSERT INTO audit SELECT hex(randomblob(200)) FROM n`);
  const writer = new Worker(
    `const { workerData } = require("node:worker_threads");
     const Database = require("better-sqlite3");
     const database = new Database(workerData, { timeout: 10000 });
     const statement = database.prepare("UPDATE accounts SET amount = amount + 1 WHERE id = 1");
     setInterval(() => statement.run(), 5);`,
    { eval: true, workerData: file },
  );
  const amount = (): number =>
    database.prepare<[], { n: number }>("SELECT amount AS n FROM accounts WHERE id = 1").get()?.n ??
    0;
  while (amount() < 5) await new Promise((resolve) => setTimeout(resolve, 5));
  const before = amount();
  const began = performance.now();
  const { problems, tables } = await copySqlite(file, join(folder, "copy.db"));
  // A copy that starts over at each write would never end.
  expect(performance.now() - began).toBeLessThan(20_000);
  expect(amount()).toBeGreaterThan(before);
  await writer.terminate();
  expect(problems).toEqual([]);
  expect(tables).toEqual({ accounts: 3, transfers: 2, audit: 60000 });
});

test("a table gets the rows of the copy, and those of before can be put back", async () => {
  const { all, database, options } = await copied();
  const before = all("SELECT * FROM accounts");
  database.exec("UPDATE accounts SET amount = 0; INSERT INTO accounts (owner) VALUES ('d')");
  database.exec("DELETE FROM audit");
  const spoilt = all("SELECT * FROM accounts");
  const schema = all("SELECT * FROM sqlite_schema ORDER BY name");
  const restored = await restoreSqliteTable({ ...options, table: "accounts" });
  expect(restored).toEqual({
    rows: 3,
    method: "replaced",
    keptAs: expect.stringMatching(/^accounts_studio_before_/),
  });
  expect(all("SELECT * FROM accounts")).toEqual(before);
  // Neither a trigger ran nor a cascade, and the next id is not one that was given before.
  expect(all("SELECT * FROM audit")).toEqual([]);
  expect(all("SELECT * FROM transfers")).toHaveLength(2);
  database.exec("INSERT INTO accounts (owner) VALUES ('e')");
  expect(all("SELECT id FROM accounts WHERE owner = 'e'")).toEqual([{ id: 5 }]);
  expect(all("SELECT * FROM audit")).toEqual([{ what: "insert" }]);
  await undoRestoreSqliteTable({ ...options, table: "accounts" }, "replaced");
  expect(all("SELECT * FROM accounts")).toEqual(spoilt);
  const names = (rows: unknown[]) => rows.map((row) => (row as { sql: string }).sql);
  expect(names(all("SELECT * FROM sqlite_schema ORDER BY name"))).toEqual(names(schema));
  expect(await undoRestoreSqliteTable({ ...options, table: "accounts" }, "replaced")).toBeNull();
});

test("rows keep their numbers, and kept rows can be let go", async () => {
  const { all, database, options } = await copied();
  database.exec("DELETE FROM transfers");
  await restoreSqliteTable({ ...options, table: "transfers" });
  expect(all("SELECT rowid, * FROM transfers")).toEqual([
    { rowid: 2, source: 2, amount: 20, doubled: 40 },
    { rowid: 3, source: 3, amount: 30, doubled: 60 },
  ]);
  await dropKeptSqliteTable({ ...options, table: "transfers" });
  expect(all("SELECT name FROM sqlite_schema WHERE name LIKE '%_studio_%'")).toEqual([]);
});

test("a dropped table is created again with its indexes and triggers", async () => {
  const { all, database, options } = await copied();
  const query =
    "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name = 'accounts' ORDER BY name";
  const before = all(query);
  database.pragma("foreign_keys = OFF");
  database.exec("DROP TABLE accounts");
  expect(await restoreSqliteTable({ ...options, table: "accounts" })).toEqual({
    rows: 3,
    method: "created",
    keptAs: null,
  });
  expect(all(query)).toEqual(before);
  expect(all("PRAGMA foreign_key_check")).toEqual([]);
  await undoRestoreSqliteTable({ ...options, table: "accounts" }, "created");
  expect(all(query)).toEqual([]);
});

test("a table is not restored when that would break references, or its columns are others", async () => {
  const { all, database, options } = await copied();
  database.exec("INSERT INTO accounts (owner) VALUES ('d'); INSERT INTO transfers VALUES (4, 1)");
  await expect(restoreSqliteTable({ ...options, table: "accounts" })).rejects.toMatchObject({
    code: "database.referenced",
    exitCode: 4,
    message: expect.stringContaining("transfers to accounts"),
  });
  expect(all("SELECT * FROM accounts")).toHaveLength(4);
  database.exec("ALTER TABLE audit ADD at TEXT");
  await expect(restoreSqliteTable({ ...options, table: "audit" })).rejects.toMatchObject({
    code: "database.otherColumns",
    message: expect.stringContaining("at is new"),
  });
  await expect(restoreSqliteTable({ ...options, table: "absent" })).rejects.toMatchObject({
    code: "database.tableUnknown",
  });
  expect(all("SELECT name FROM sqlite_schema WHERE name LIKE '%_studio_%'")).toEqual([]);
});

test("a writer that does not end is waited for, and then told of", async () => {
  const { database, options } = await copied();
  database.exec("BEGIN IMMEDIATE");
  const restoring = restoreSqliteTable({ ...options, table: "audit", busyTimeout: 50 });
  await expect(restoring).rejects.toMatchObject({ code: "database.inUse", exitCode: 7 });
  database.exec("ROLLBACK");
});
