import { Client } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { rehearse } from "../../../src/migrate/rehearse/rehearse.ts";
import { startPostgres } from "../../support/postgres.ts";
import { select } from "./project.ts";
import { type Shop, impact, nth, openShop } from "./rehearse-shop.ts";

const postgres = await startPostgres();
afterAll(async () => postgres?.stop());

let shop: Shop;

beforeEach(async () => {
  if (postgres !== null) shop = await openShop(await postgres.createDatabase());
});
afterEach(() => shop?.project.remove());

const rehearsed = async (options: { maxMilliseconds?: number; signal?: AbortSignal } = {}) =>
  rehearse({ ...(await shop.input()), ...options });

describe.skipIf(postgres === null)("a rehearsal on PostgreSQL says what a change does", () => {
  test("a column with a constant default: everybody waits for a moment, nothing is rewritten", async () => {
    shop.sql("ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free';");
    const report = await rehearsed();
    expect(report).toMatchObject({ on: "transaction", ok: true, complete: true });
    const migration = nth(report);
    expect(migration).toMatchObject({ outcome: "done", reason: null, failure: null });
    expect(migration.statements).toEqual([
      expect.objectContaining({
        sql: "ALTER TABLE users ADD COLUMN plan text NOT NULL DEFAULT 'free'",
        line: 1,
        rows: null,
        locks: [{ relation: "users", mode: "ACCESS EXCLUSIVE", basis: "seen" }],
        rewritten: [],
      }),
    ]);
    const [table] = migration.tables;
    expect(table).toMatchObject({ table: "users", lock: "ACCESS EXCLUSIVE", rewritten: false });
    expect(table).toMatchObject({ rows: 2000, bytes: expect.any(Number) });
    expect(table?.blocksReaders).toBeGreaterThan(0);
    expect(report.notes[0]).toContain("--on clone");
  });

  test("another type: the table is rewritten, and everybody waits for as long as that takes", async () => {
    await select(shop.database, "INSERT INTO users SELECT n FROM generate_series(2001, 200000) n");
    shop.sql("SELECT 1;\nALTER TABLE users ALTER COLUMN id TYPE bigint;\nSELECT pg_sleep(0.1);");
    const migration = nth(await rehearsed());
    const change = migration.statements[1];
    expect(change).toMatchObject({ line: 2, rewritten: ["users"], reindexed: [] });
    const table = impact(migration, "users");
    // The lock is kept to the end of the migration, past its own statement.
    expect(table?.blocksReaders).toBeGreaterThanOrEqual((change?.milliseconds ?? 0) + 100);
    expect(table?.blocksWriters).toBe(table?.blocksReaders);
    expect(migration.milliseconds).toBeGreaterThanOrEqual(table?.blocksReaders ?? 0);
  });

  test("an index: writers wait, readers do not", async () => {
    shop.sql("CREATE INDEX by_email ON users (email);");
    const table = impact(nth(await rehearsed()), "users");
    expect(table).toMatchObject({ lock: "SHARE", blocksReaders: 0, rewritten: false });
    expect(table?.blocksWriters).toBeGreaterThan(0);
  });

  test("a foreign key: writers of both tables wait", async () => {
    shop.sql("ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES users (id);");
    const migration = nth(await rehearsed());
    for (const name of ["orders", "users"]) {
      const table = impact(migration, name);
      expect(table).toMatchObject({ lock: "SHARE ROW EXCLUSIVE", blocksReaders: 0 });
      expect(table?.blocksWriters).toBeGreaterThan(0);
    }
  });

  test("changes of rows are counted; a truncated table and a rebuilt index are told", async () => {
    shop.program(`
      await knex("users").where("id", "<", 10).update({ email: "x" });
      await knex.raw("REINDEX INDEX users_pkey");
      await knex.raw("TRUNCATE orders");`);
    const [update, reindex, truncate] = nth(await rehearsed()).statements;
    expect(update).toMatchObject({ rows: 9, line: 3, sql: expect.not.stringContaining("'x'") });
    expect(update?.locks).toContainEqual({
      relation: "users",
      mode: "ROW EXCLUSIVE",
      basis: "seen",
    });
    expect(reindex).toMatchObject({ reindexed: ["users_pkey"], rewritten: [] });
    expect(truncate).toMatchObject({ truncated: ["orders"], rewritten: [], reindexed: [] });
  });

  test("a program that changes rows in a loop is told as one statement", async () => {
    shop.program(`
      for (let id = 3001; id <= 3200; id += 1) await knex("users").insert({ id });`);
    const [insert, ...others] = nth(await rehearsed()).statements;
    expect(others).toEqual([]);
    expect(insert).toMatchObject({ times: 200, rows: 200, line: 3 });
    expect(insert?.locks).toHaveLength(1);
  });

  test("tables made by the migrations themselves lock nobody out", async () => {
    shop.sql("CREATE TABLE parts (id int);\nCREATE INDEX ON parts (id);");
    shop.sql("ALTER TABLE parts ADD COLUMN name text;");
    const report = await rehearsed();
    expect(report.migrations.flatMap(({ tables }) => tables)).toEqual([]);
    expect(
      report.migrations.flatMap(({ statements }) => statements.flatMap((s) => s.locks)),
    ).toEqual([]);
  });

  test("each migration is charged with the locks it takes, though an earlier one holds them", async () => {
    shop.sql("ALTER TABLE users ADD COLUMN a int;");
    shop.sql("CREATE INDEX by_email ON users (email);");
    shop.sql("ALTER TABLE users RENAME TO people;");
    shop.sql("ALTER TABLE people ALTER COLUMN id TYPE bigint;");
    shop.sql("DO $$ BEGIN EXECUTE 'ALTER TABLE people ALTER COLUMN id TYPE int'; END $$;");
    shop.sql("SELECT 1;");
    const report = await rehearsed();
    const locks = report.migrations.map((one) => impact(one, "users")?.lock);
    const strongest = "ACCESS EXCLUSIVE";
    expect(locks).toEqual([strongest, "SHARE", strongest, strongest, strongest, undefined]);
    expect(impact(nth(report, 1), "users")?.blocksReaders).toBe(0);
    expect(nth(report, 2).statements[0]?.locks).toEqual([
      { relation: "users", mode: strongest, basis: "inferred" },
    ]);
    expect(impact(nth(report, 4), "users")).toMatchObject({ rewritten: true });
  });

  test("statements that a program starts all at once are told one from the other", async () => {
    shop.program(`
      await Promise.all([
        knex.raw("ALTER TABLE users ADD COLUMN a int"),
        knex.raw("CREATE INDEX ON orders (customer)"),
      ]);`);
    const { statements } = nth(await rehearsed());
    expect(statements.map(({ line }) => line)).toEqual([4, 5]);
    expect(statements.map(({ locks }) => locks.map(({ relation }) => relation))).toEqual([
      ["users"],
      ["orders"],
    ]);
  });
});

describe.skipIf(postgres === null)("what cannot be rehearsed in a transaction", () => {
  test("an index that is built concurrently needs a clone; migrations after it are tried", async () => {
    shop.sql("-- studio: no-transaction\nCREATE INDEX CONCURRENTLY by_email ON users (email);");
    shop.sql("ALTER TABLE users ADD COLUMN plan text;");
    const report = await rehearsed();
    expect(report).toMatchObject({ ok: true, complete: false });
    expect(nth(report)).toMatchObject({
      outcome: "notRehearsed",
      reason: expect.stringContaining("needs a clone"),
      statements: [],
    });
    expect(nth(report, 1).outcome).toBe("done");
  });

  test("a migration that fails because it needs one that was left out is said to", async () => {
    shop.sql("-- studio: no-transaction\nCREATE TABLE parts (id int);");
    const later = shop.sql("ALTER TABLE parts ADD COLUMN name text;");
    const report = await rehearsed();
    expect(report.ok).toBe(false);
    expect(report.notes.join("\n")).toContain(`${later} may have failed only because`);
  });

  test.each([
    ["a COMMIT", 'await knex.raw("COMMIT");', "it ends its transaction by itself"],
    ["the query builder's commit", "await knex.commit();", "it ends its transaction by itself"],
    [
      "a COMMIT among other statements",
      'await knex.raw("CREATE TABLE half (id int); commit; begin");',
      "it ends its transaction by itself",
    ],
    [
      "a sequence that is set",
      `await knex.raw("SELECT setval('orders_id_seq', 5)");`,
      "it calls setval, which a rollback does not take back",
    ],
  ])("%s is not let through, even where the program carries on", async (_what, code, reason) => {
    shop.program(`
      await knex.raw("ALTER TABLE users ADD COLUMN plan text");
      try { ${code} } catch {}
      await knex.raw("ALTER TABLE users ADD COLUMN other text");`);
    shop.sql("ALTER TABLE users ADD COLUMN third text;");
    const before = await shop.contents();
    const report = await rehearsed();
    expect(nth(report)).toMatchObject({ outcome: "notRehearsed", reason });
    expect(nth(report, 1).outcome).toBe("notRehearsed");
    expect(await shop.contents()).toEqual(before);
    const [sequence] = await select(shop.database, "SELECT last_value FROM orders_id_seq");
    expect(sequence).toEqual({ last_value: "1000" });
  });

  test("a COMMIT past studio, on the driver's own connection, does not go unnoticed", async () => {
    shop.program(`
      await knex.raw("ALTER TABLE users ADD COLUMN plan text");
      const connection = await knex.client.acquireConnection();
      await connection.query("COMMIT");`);
    await expect(rehearsed()).rejects.toMatchObject({ code: "rehearsal.committed", exitCode: 6 });
  });

  test("a value that an earlier migration adds to an enum can only be used after its commit", async () => {
    await select(shop.database, "CREATE TYPE mood AS ENUM ('good')");
    await select(shop.database, "ALTER TABLE users ADD COLUMN mood mood");
    shop.sql("ALTER TYPE mood ADD VALUE 'bad';");
    shop.sql("UPDATE users SET mood = 'bad';");
    const report = await rehearsed();
    expect(report).toMatchObject({ ok: true, complete: false });
    expect(nth(report, 1).reason).toContain("needs a clone");
  });

  test("a rehearsal that takes too long is stopped", async () => {
    shop.sql("ALTER TABLE users ADD COLUMN plan text;\nSELECT pg_sleep(60);");
    shop.sql("SELECT 1;");
    const before = await shop.contents();
    const report = await rehearsed({ maxMilliseconds: 400 });
    expect(report.milliseconds).toBeLessThan(10_000);
    expect(report).toMatchObject({ ok: true, complete: false });
    expect(nth(report).reason).toContain("stopped after 0.4 s");
    expect(nth(report, 1).reason).toContain("did not come to its end");
    expect(await shop.contents()).toEqual(before);
  });
});

describe.skipIf(postgres === null)("a migration that would fail", () => {
  test("is told with the place in its file; those after it are not tried", async () => {
    shop.sql("ALTER TABLE users ADD COLUMN plan text;\n\nALTER TABLE nothing ADD COLUMN a int;");
    shop.sql("SELECT 1;");
    const input = await shop.input();
    const report = await rehearse(input);
    expect(report).toMatchObject({ ok: false, complete: false });
    expect(nth(report)).toMatchObject({
      outcome: "failed",
      failure: {
        message: 'relation "nothing" does not exist',
        file: input.migrations[0]?.file,
        line: 3,
      },
    });
    expect(nth(report, 1)).toMatchObject({ outcome: "notRehearsed" });
  });

  test("at its COMMIT, where deferred constraints are checked", async () => {
    await select(
      shop.database,
      "ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED",
    );
    shop.sql("UPDATE orders SET customer = id + 1 WHERE id = 1;");
    shop.sql("INSERT INTO orders (customer) VALUES (-1);");
    const report = await rehearsed();
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(["done", "failed"]);
    expect(nth(report, 1).failure?.message).toContain("violates foreign key constraint");
    expect(report.notes.join("\n")).toContain("orders_id_seq");
  });
});

describe.skipIf(postgres === null)("the live database", () => {
  test("is as it was, and those who read it were served", async () => {
    shop.sql("CREATE TABLE parts (id int);\nINSERT INTO parts VALUES (1);\nDROP TABLE orders;");
    shop.program(`
      await knex("users").delete();
      await knex.schema.alterTable("users", (table) => table.text("plan"));`);
    const before = await shop.contents();
    const reader = readAllTheTime();
    const report = await rehearsed();
    const reads = await reader.stop();
    expect(report).toMatchObject({ ok: true, complete: true });
    expect(await shop.contents()).toEqual(before);
    expect(reads.length).toBeGreaterThan(0);
    expect(new Set(reads)).toEqual(new Set([2000]));
    const journals = "SELECT count(*) FROM pg_class WHERE relname ~ '^studio_'";
    expect(await select(shop.database, journals)).toEqual([{ count: "0" }]);
  });

  test("can be migrated afterwards, and then there is nothing to rehearse", async () => {
    const name = shop.sql("ALTER TABLE users ADD COLUMN plan text;");
    await rehearsed();
    expect(await migrateUp(await shop.input())).toMatchObject({ applied: [name] });
    const after = await rehearsed();
    expect(after).toMatchObject({ ok: true, complete: true, migrations: [], notes: [] });
    expect(await select(shop.database, "SELECT count(*) FROM studio_migration_log")).toEqual([
      { count: "1" },
    ]);
  });

  test("is left at once when the operator interrupts", async () => {
    shop.sql("ALTER TABLE users ADD COLUMN plan text;\nSELECT pg_sleep(60);");
    const before = await shop.contents();
    const interrupt = new AbortController();
    setTimeout(() => interrupt.abort(new Error("interrupted")), 500);
    await expect(rehearsed({ signal: interrupt.signal })).rejects.toThrow("interrupted");
    expect(await shop.contents()).toEqual(before);
  });

  test("is not waited for longer than a statement may wait, and who held it up is told", async () => {
    shop.sql("SELECT 1;\nALTER TABLE users ADD COLUMN plan text;");
    const other = new Client({ connectionString: shop.database.url, application_name: "report" });
    await other.connect();
    await other.query("BEGIN; SELECT count(*) FROM users");
    const started = performance.now();
    const report = await rehearse({ ...(await shop.input()), lockTimeout: 1000 });
    expect(performance.now() - started).toBeLessThan(10_000);
    await other.end();
    expect(report).toMatchObject({ ok: false, complete: false });
    const { outcome, failure, statements } = nth(report);
    expect(outcome).toBe("blocked");
    expect(failure).toMatchObject({ line: 2, message: expect.stringContaining("lock timeout") });
    expect(failure?.heldBy).toEqual([expect.stringMatching(/^report of studio \(.*idle in trans/)]);
    expect(statements[1]?.waited).toBeGreaterThan(0);
  });
});

function readAllTheTime(): { stop(): Promise<number[]> } {
  const counts: number[] = [];
  let isOver = false;
  const reading = (async () => {
    while (!isOver) {
      const [row] = await select(shop.database, "SELECT count(*)::int AS rows FROM users");
      counts.push(Number(row?.["rows"]));
    }
  })();
  return {
    async stop() {
      isOver = true;
      await reading;
      return counts;
    },
  };
}
