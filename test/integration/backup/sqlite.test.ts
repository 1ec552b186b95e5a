import { copyFileSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import Database from "better-sqlite3";
import { expect, test } from "vitest";
import { restoreDatabase, undoRestoreDatabase } from "../../../src/backup/restore/database.ts";
import { restorePlan } from "../../../src/backup/restore/plan.ts";
import { sourcesAreEmpty } from "../../../src/backup/sources/source.ts";
import { sqliteSource } from "../../../src/backup/sources/sqlite.ts";
import { localStore } from "../../../src/backup/store/local-store.ts";
import { listSnapshots } from "../../../src/backup/summary.ts";
import { everything, open, snapshot, temporaryFolder, verify } from "./fixtures.ts";
import { timeLimit } from "../../support/every.ts";

function openDatabase(file: string): Database.Database {
  const database = new Database(file);
  database.pragma("journal_mode = WAL");
  database.exec("CREATE TABLE IF NOT EXISTS accounts (id INTEGER PRIMARY KEY, amount INTEGER)");
  return database;
}

function rowsOf(file: string): number {
  const database = new Database(file);
  try {
    return database.prepare<[], { n: number }>("SELECT count(*) AS n FROM accounts").get()?.n ?? -1;
  } finally {
    database.close();
  }
}

test(
  "a database is copied whole beside a writer that never rests",
  async () => {
    const folder = temporaryFolder();
    const file = join(folder, "studio.db");
    const database = openDatabase(file);
    database.exec("INSERT INTO accounts VALUES (1, 0), (2, 0)");
    // Each transaction moves an amount, and adds a pair of rows: the sum stays 0 and the count even.
    const writer = new Worker(
      `const { workerData } = require("node:worker_threads");
     const Database = require("better-sqlite3");
     const database = new Database(workerData, { timeout: 10000 });
     const move = database.transaction(() => {
       database.exec("UPDATE accounts SET amount = amount + 1 WHERE id = 1");
       database.exec("UPDATE accounts SET amount = amount - 1 WHERE id = 2");
       database.exec("INSERT INTO accounts (amount) VALUES (7), (-7)");
     });
     for (;;) move();`,
      { eval: true, workerData: file },
    );
    const amount = (): number =>
      database.prepare<[], { n: number }>("SELECT amount AS n FROM accounts WHERE id = 1").get()
        ?.n ?? 0;
    while (amount() < 50) await new Promise((resolve) => setTimeout(resolve, 5));
    const store = localStore(join(folder, "repository"));
    const started = amount();
    const sources = [sqliteSource({ file, label: "database" }), everything(folder)];
    const report = await snapshot({ store, sources, workDirectory: join(folder, "work") });
    expect(amount()).toBeGreaterThan(started);
    await writer.terminate();
    database.close();
    expect(await verify({ store, id: report.snapshot.id })).toMatchObject({
      ok: true,
      problems: [],
    });
    // The live file, its log and its shared memory were left to the copy.
    expect(report.snapshot).toMatchObject({ databases: ["database"], counts: { files: 1 } });
    const copy = join(folder, "copy.db");
    const keepReplacedIn = join(folder, "keep");
    const { id } = report.snapshot;
    await restoreDatabase({ snapshot: await open(store, id), file: copy, keepReplacedIn });
    const restored = new Database(copy);
    const { n, total } = restored
      .prepare<[], { n: number; total: number }>(
        "SELECT count(*) n, sum(amount) total FROM accounts",
      )
      .get() ?? { n: 1, total: 1 };
    restored.close();
    expect([n % 2, total]).toEqual([0, 0]);
  },
  timeLimit(180_000),
);

async function backedUp(rows: number) {
  const folder = temporaryFolder();
  const file = join(folder, "studio.db");
  const database = openDatabase(file);
  for (let row = 0; row < rows; row += 1) database.exec("INSERT INTO accounts (amount) VALUES (0)");
  const store = localStore(join(folder, "repository"));
  const sources = [sqliteSource({ file, label: "database" })];
  const report = await snapshot({ store, sources, workDirectory: join(folder, "work") });
  const keepReplacedIn = join(folder, "keep");
  const made = await open(store, report.snapshot.id);
  return { folder, file, database, store, snapshot: made, keepReplacedIn };
}

test("a database in use is not replaced", async () => {
  const one = await backedUp(2);
  one.database.exec("INSERT INTO accounts (amount) VALUES (1)");
  await expect(restoreDatabase(one)).rejects.toMatchObject({ code: "database.inUse", exitCode: 7 });
  one.database.close();
  expect(rowsOf(one.file)).toBe(3);
});

test("a database is put back without its old log, and the restore can be undone", async () => {
  const one = await backedUp(2);
  one.database.exec("INSERT INTO accounts (amount) VALUES (1), (2), (3)");
  // As after a crash: the rows are only in the write-ahead log.
  for (const suffix of ["", "-wal"]) {
    copyFileSync(`${one.file}${suffix}`, join(one.folder, `crashed.db${suffix}`));
  }
  one.database.close();
  const file = join(one.folder, "crashed.db");
  const report = await restoreDatabase({ ...one, file });
  expect(report).toMatchObject({ label: "database", tables: { accounts: 2 } });
  expect(rowsOf(file)).toBe(2);
  expect(rowsOf(report.keptAs ?? "")).toBe(5);
  expect(readdirSync(one.folder).filter((name) => name.startsWith("crashed.db"))).toEqual([
    "crashed.db",
  ]);
  await undoRestoreDatabase({ ...one, file });
  expect(rowsOf(file)).toBe(5);
  await undoRestoreDatabase({ ...one, file });
  expect(rowsOf(file)).toBe(5);
});

test("a file that is no database any more is kept and replaced; undoing removes what was absent", async () => {
  const one = await backedUp(4);
  one.database.close();
  writeFileSync(one.file, "not a database, but an accident ".repeat(200));
  writeFileSync(`${one.file}-wal`, "log");
  const report = await restoreDatabase(one);
  expect(rowsOf(one.file)).toBe(4);
  expect(readFileSync(report.keptAs ?? "", "utf8")).toContain("accident");
  expect(readFileSync(`${report.keptAs}-wal`, "utf8")).toBe("log");
  const file = join(one.folder, "fresh.db");
  await restoreDatabase({ ...one, file });
  expect(rowsOf(file)).toBe(4);
  await undoRestoreDatabase({ ...one, file });
  expect(existsSync(file)).toBe(false);
});

test("a damaged database fails the backup and names the reason", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "studio.db");
  const database = openDatabase(file);
  database.pragma("journal_mode = DELETE");
  database.exec(`WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
                 INSERT INTO accounts (amount) SELECT i FROM n`);
  database.close();
  const bytes = readFileSync(file);
  bytes.fill(0xff, 4096 * 3, 4096 * 5);
  writeFileSync(file, bytes);
  const store = localStore(join(folder, "repository"));
  const sources = [sqliteSource({ file, label: "database" })];
  await expect(
    snapshot({ store, sources, workDirectory: join(folder, "work") }),
  ).rejects.toMatchObject({ exitCode: 4 });
  expect(await listSnapshots(store)).toEqual([]);
  const left = readdirSync(join(folder, "work"), { recursive: true }).map(String);
  expect(left.filter((name) => name.includes("sqlite3"))).toEqual([]);
});

test("a database that is not there yet is nothing to back up, and no plain file to restore", async () => {
  const one = await backedUp(1);
  one.database.close();
  const absent = sqliteSource({ file: join(one.folder, "absent.db"), label: "other" });
  expect(await sourcesAreEmpty([absent])).toBe(true);
  const report = await snapshot({ store: one.store, sources: [absent] });
  expect(report.vanished).toEqual([".studio/snapshot/other.sqlite3"]);
  const target = join(one.folder, "target");
  expect((await restorePlan({ ...one, target })).entries).toEqual([]);
  expect((await restorePlan({ ...one, target, databases: true })).counts.new).toBe(1);
  await expect(restoreDatabase({ ...one, label: "other" })).rejects.toMatchObject({ exitCode: 2 });
});
