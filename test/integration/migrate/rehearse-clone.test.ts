import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { besideName } from "../../../src/database/beside-name.ts";
import { rehearse } from "../../../src/migrate/rehearse/rehearse.ts";
import { openLockFile } from "../../../src/sqlite/lock-file.ts";
import { query } from "../../support/postgres.ts";
import { select, startServers } from "./project.ts";
import { type Shop, impact, nth, openShop } from "./rehearse-shop.ts";

const servers = await startServers();
const { postgres, mysql, dialects } = servers;
afterAll(async () => {
  await postgres?.stop();
  await mysql?.stop();
});

let shop: Shop;
const databaseName = (): string => new URL(shop.database.url).pathname.slice(1);

/** The copies there are: databases of the server, or folders beside the file. */
async function copies(): Promise<string[]> {
  const { dialect } = shop.database;
  if (dialect === "sqlite") {
    return readdirSync(shop.project.folder).filter((name) => name.includes(".rehearsal-"));
  }
  if (dialect === "mysql") {
    return mysql?.query("mysql", "SHOW DATABASES LIKE '%\\_rehearsal\\_%'") ?? [];
  }
  const rows = await query(
    postgres?.urlOf("postgres") ?? "",
    "SELECT datname FROM pg_database WHERE datname LIKE '%\\_rehearsal\\_%'",
  );
  return rows.map(({ datname }) => String(datname));
}

async function open(dialect: string): Promise<void> {
  const server = dialect === "postgres" ? postgres : mysql;
  shop = await openShop(
    dialect === "sqlite" ? "sqlite:shop.db" : await (server?.createDatabase() ?? ""),
  );
}

describe.each(dialects)("a rehearsal on a copy, on %s", (dialect) => {
  beforeEach(() => open(dialect));
  afterEach(() => shop.project.remove());

  test("works with all rows, leaves the original as it was, and the copy is gone", async () => {
    shop.sql("CREATE TABLE parts (id int);\nINSERT INTO parts SELECT id FROM users;");
    shop.program('await knex("users").where("id", ">", 1).delete();');
    const before = await shop.contents();
    const report = await rehearse({ ...(await shop.input()), on: "clone" });
    expect(report).toMatchObject({ on: "clone", ok: true, complete: true });
    const statements = report.migrations.flatMap((migration) => migration.statements);
    expect(statements.map(({ line, rows }) => [line, rows])).toEqual([
      [1, null],
      [2, 2000],
      [2, 1999],
    ]);
    expect(await shop.contents()).toEqual(before);
    expect(await copies()).toEqual([]);
    expect(
      existsSync(join(shop.project.folder, "scratch")) &&
        readdirSync(join(shop.project.folder, "scratch")),
    ).toEqual(dialect === "sqlite" ? false : []);
  });

  test("a migration that would fail is told with its place; the copy is gone", async () => {
    shop.sql("CREATE TABLE parts (id int PRIMARY KEY);\n\nINSERT INTO parts VALUES (1), (1);");
    shop.sql("CREATE TABLE later (id int);");
    const report = await rehearse({ ...(await shop.input()), on: "clone" });
    expect(report).toMatchObject({ ok: false, complete: false });
    expect(nth(report)).toMatchObject({
      outcome: "failed",
      failure: { line: 3, message: expect.stringMatching(/unique|duplicate/i), heldBy: [] },
    });
    expect(nth(report, 1)).toMatchObject({ outcome: "notRehearsed", statements: [] });
    expect(await copies()).toEqual([]);
  });

  test("the copy is gone when the operator interrupts", async () => {
    const pause = "await new Promise((resolve) => setTimeout(resolve, 60_000).unref());";
    shop.program(`await knex.raw("CREATE TABLE parts (id int)");\n${pause}`);
    const interrupt = new AbortController();
    const input = { ...(await shop.input()), on: "clone" as const, signal: interrupt.signal };
    const rehearsal = rehearse(input);
    while ((await copies()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    setTimeout(() => interrupt.abort(new Error("interrupted")), 300);
    await expect(rehearsal).rejects.toThrow("interrupted");
    expect(await copies()).toEqual([]);
  });

  test("copies of processes that are no more are removed, those in use are left", async () => {
    shop.sql("CREATE TABLE parts (id int);");
    const made = await makeCopies(dialect);
    await rehearse({ ...(await shop.input()), on: "clone" });
    expect(await copies()).toEqual([made.used]);
    await made.release();
    await rehearse({ ...(await shop.input()), on: "clone" });
    expect(await copies()).toEqual([]);
  });
});

/** Two copies as other processes leave them: one whose process is gone, one that is in use. */
async function makeCopies(dialect: string): Promise<{ used: string; release(): Promise<void> }> {
  const ids = ["20260101T000000Z-aaaa", "20260101T000000Z-bbbb"] as const;
  if (dialect === "sqlite") {
    const names = ids.map((id) => `shop.db.rehearsal-${id}`);
    for (const name of names) mkdirSync(join(shop.project.folder, name));
    const lock = openLockFile(join(shop.project.folder, names[1] ?? "", "owner.lock"));
    lock.tryAcquire("another process");
    return { used: names[1] ?? "", release: async () => lock.close() };
  }
  const names = ids.map((id) => besideName(databaseName(), "rehearsal", id));
  const used = names[1] ?? "";
  if (dialect === "mysql") {
    for (const name of names) mysql?.query("mysql", `CREATE DATABASE ${name}`);
    const client = mysql?.client("mysql");
    client?.stdin?.write(`SELECT GET_LOCK('${used}', 0);\n`);
    const isFree = () => mysql?.query("mysql", `SELECT IS_FREE_LOCK('${used}')`)[0] === "1";
    while (isFree()) await new Promise((resolve) => setTimeout(resolve, 20));
    const release = async (): Promise<void> => {
      client?.kill();
      while (!isFree()) await new Promise((resolve) => setTimeout(resolve, 20));
    };
    return { used, release };
  }
  const client = new Client({ connectionString: postgres?.urlOf("postgres") });
  await client.connect();
  for (const name of names) await client.query(`CREATE DATABASE ${name}`);
  await client.query("SELECT pg_advisory_lock(x'53545552'::int, hashtext($1))", [used]);
  return { used, release: () => client.end() };
}

describe.skipIf(postgres === null)("on a copy on PostgreSQL", () => {
  beforeEach(() => open("postgres"));
  afterEach(() => shop.project.remove());

  test("an index is built concurrently, and nobody waits for it", async () => {
    shop.sql("-- studio: no-transaction\nCREATE INDEX CONCURRENTLY by_email ON users (email);");
    const migration = nth(await rehearse({ ...(await shop.input()), on: "clone" }));
    expect(migration.outcome).toBe("done");
    expect(impact(migration, "users")).toMatchObject({
      lock: "SHARE UPDATE EXCLUSIVE",
      blocksReaders: 0,
      blocksWriters: 0,
      rows: 2000,
    });
  });

  test("locks and rewritten tables are told, in a transaction and out of one", async () => {
    shop.sql("ALTER TABLE users ALTER COLUMN id TYPE bigint;");
    shop.sql("-- studio: no-transaction\nALTER TABLE users ALTER COLUMN id TYPE int;");
    const report = await rehearse({ ...(await shop.input()), on: "clone" });
    for (const migration of report.migrations) {
      const table = impact(migration, "users");
      expect(table).toMatchObject({ lock: "ACCESS EXCLUSIVE", rewritten: true });
      expect(table?.blocksReaders).toBeGreaterThan(0);
    }
  });

  test("what would change the whole server, or reach another one, is left out", async () => {
    await select(shop.database, "CREATE FOREIGN DATA WRAPPER other");
    await select(shop.database, "CREATE SERVER elsewhere FOREIGN DATA WRAPPER other");
    await select(shop.database, "CREATE USER MAPPING FOR PUBLIC SERVER elsewhere");
    shop.program(`
      await knex.raw("CREATE ROLE rehearsed");
      const { rows } = await knex.raw("SELECT count(*)::int AS mappings FROM pg_user_mappings");
      if (rows[0].mappings !== 0) throw new Error("the other server can be reached");`);
    shop.sql("GRANT SELECT ON users TO rehearsed;");
    const report = await rehearse({ ...(await shop.input()), on: "clone" });
    expect(nth(report)).toMatchObject({ outcome: "done" });
    expect(nth(report).statements[0]?.skipped).toContain("the whole server");
    expect(await select(shop.database, "SELECT FROM pg_roles WHERE rolname = 'rehearsed'")).toEqual(
      [],
    );
    // It is not known whether it would fail in earnest.
    expect(nth(report, 1)).toMatchObject({
      outcome: "notRehearsed",
      reason: expect.stringContaining('role "rehearsed" does not exist'),
    });
  });
});

describe.skipIf(mysql === null)("on a copy on MariaDB", () => {
  beforeEach(() => open("mysql"));
  afterEach(() => shop.project.remove());

  test("a table that is copied keeps writers waiting; an index that is built in place does not", async () => {
    mysql?.query(databaseName(), "INSERT INTO users SELECT seq, 'x' FROM seq_2001_to_300000");
    shop.sql("ALTER TABLE users MODIFY email varchar(90), ALGORITHM=COPY;");
    shop.sql("ALTER TABLE users ADD INDEX by_email (email), ALGORITHM=INPLACE, LOCK=NONE;");
    const report = await rehearse(await shop.input());
    const [copied, indexed] = report.migrations;
    const duration = copied?.milliseconds ?? 0;
    expect(impact(nth(report), "users")?.rewritten).toBe(true);
    expect(impact(nth(report), "users")?.blocksWriters).toBeGreaterThan(duration / 2);
    const waits = impact(nth(report, 1), "users")?.blocksWriters ?? 0;
    expect(waits).toBeLessThan((indexed?.milliseconds ?? 0) / 2);
    expect(indexed?.statements[0]?.rewritten).toEqual([]);
  });

  test("what names the original does not reach it", async () => {
    const live = databaseName();
    mysql?.query(
      live,
      `CREATE TABLE seen (id INT);
       CREATE TRIGGER watch AFTER DELETE ON users FOR EACH ROW INSERT INTO ${live}.seen VALUES (OLD.id);`,
    );
    shop.sql("DELETE FROM users;");
    shop.sql(`DELETE FROM ${live}.orders;`);
    const before = await shop.contents();
    const report = await rehearse(await shop.input());
    expect(nth(report).outcome).toBe("done");
    expect(nth(report, 1)).toMatchObject({
      outcome: "notRehearsed",
      reason: expect.stringContaining(`names the database ${live}`),
    });
    expect(report.notes).toContainEqual(expect.stringContaining("no trigger watch"));
    expect(await shop.contents()).toEqual(before);
    expect(mysql?.query(live, "SELECT count(*) FROM seen")).toEqual(["0"]);
  });

  test("large tables are copied without their rows, which is told", async () => {
    mysql?.query(databaseName(), "ANALYZE TABLE users, orders");
    shop.sql("DELETE FROM users;");
    const report = await rehearse({ ...(await shop.input()), largestTable: 60_000 });
    expect(nth(report).statements[0]?.rows).toBe(0);
    expect(report.notes).toContainEqual(
      expect.stringContaining("users was copied without its rows"),
    );
  });

  test("a rehearsal in a transaction is refused: MySQL commits by itself", async () => {
    const input = { ...(await shop.input()), on: "transaction" as const };
    await expect(async () => rehearse(input)).rejects.toMatchObject({ code: "usage", exitCode: 2 });
  });
});

describe("on a copy of a SQLite file", () => {
  beforeEach(() => open("sqlite"));
  afterEach(() => shop.project.remove());

  test("all writers wait for the whole migration, and a table that is built anew is told", async () => {
    shop.program(
      'await knex.schema.alterTable("users", (table) => table.string("email").alter());',
    );
    const report = await rehearse(await shop.input());
    const whole = impact(nth(report), null);
    expect(whole).toMatchObject({ blocksReaders: 0, lock: null, bytes: expect.any(Number) });
    expect(whole?.blocksWriters).toBeGreaterThan(0);
    expect(whole?.blocksWriters).toBeLessThanOrEqual(nth(report).milliseconds);
    expect(impact(nth(report), "users")).toMatchObject({ rewritten: true });
    expect(report.notes[0]).toContain("every writer");
  });

  test("rows that would refer to nothing fail it, as in earnest", async () => {
    shop.sql("CREATE TABLE parts (id int REFERENCES users (id));\nINSERT INTO parts VALUES (-1);");
    const report = await rehearse(await shop.input());
    expect(nth(report).failure?.message).toContain("a foreign key that leads nowhere");
  });

  test("a file that does not exist yet is not created", async () => {
    const { folder } = shop.project;
    shop.sql("CREATE TABLE parts (id int);");
    const input = await shop.input();
    const file = join(folder, "none", "new.db");
    const database = { dialect: "sqlite" as const, file, url: `sqlite:${file}` };
    expect(await rehearse({ ...input, database })).toMatchObject({ ok: true, complete: true });
    expect(existsSync(join(folder, "none"))).toBe(false);
    expect(await copies()).toEqual([]);
  });
});
