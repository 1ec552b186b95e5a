import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { testRoundTrip } from "../../../src/migrate/rehearse/round-trip.ts";
import { orders, prices, sources, startServers, users } from "./project.ts";
import { type Shop, openShop } from "./rehearse-shop.ts";

const servers = await startServers();
const { postgres, mysql, dialects } = servers;
afterAll(async () => {
  await postgres?.stop();
  await mysql?.stop();
});

/** As the shop has it. */
const ordersOf: Record<string, string> = {
  postgres: "CREATE TABLE orders (id serial PRIMARY KEY, customer int)",
  mysql: "CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, customer int)",
  sqlite: "CREATE TABLE orders (id integer PRIMARY KEY, customer int)",
};

let shop: Shop;

describe.each(dialects)("going up, down and up again on %s", (dialect) => {
  beforeEach(async () => {
    const server = dialect === "postgres" ? postgres : mysql;
    const url = dialect === "sqlite" ? "sqlite:shop.db" : await server?.createDatabase();
    shop = await openShop(url ?? "");
  });
  afterEach(() => shop.project.remove());

  const write = (name: string, up: string, down: string | null): void => {
    const sections = `-- studio: up\n${up}\n${down === null ? "" : `-- studio: down\n${down}\n`}`;
    writeFileSync(join(shop.project.folder, `${name}.sql`), sections);
  };

  test("a pair that fits ends where it began; the original is left alone", async () => {
    const plan = "ALTER TABLE users ADD COLUMN plan int;";
    write("20260101T000000Z-plan", plan, "ALTER TABLE users DROP COLUMN plan;");
    write(
      "20260102T000000Z-parts",
      "CREATE TABLE parts (id int PRIMARY KEY); CREATE INDEX by_plan ON users (plan);",
      `DROP INDEX by_plan${dialect === "mysql" ? " ON users" : ""}; DROP TABLE parts;`,
    );
    const before = await shop.contents();
    const report = await testRoundTrip(await shop.input());
    expect(report).toMatchObject({ ok: true, complete: true });
    expect(report.migrations.map(({ outcome }) => outcome)).toEqual(["same", "same"]);
    expect(await shop.contents()).toEqual(before);
  });

  test("what down leaves behind is told, and what it loses", async () => {
    const swap = "CREATE TABLE parts (id int PRIMARY KEY); DROP TABLE orders;";
    write("20260101T000000Z-swap", swap, `${ordersOf[dialect]};`);
    const report = await testRoundTrip(await shop.input());
    expect(report).toMatchObject({ ok: false, complete: false });
    const [swapped] = report.migrations;
    // The second up finds the table that down has left.
    expect(swapped).toMatchObject({
      outcome: "failed",
      failure: { step: "second up", line: 2, message: expect.stringContaining("already exists") },
      lostRows: [{ table: "orders", before: 1000, after: 0 }],
    });
    expect(swapped?.afterDown).toEqual([
      expect.objectContaining({ kind: "added", what: "table", path: "parts" }),
    ]);
  });

  test("a second up that makes something else is told", async () => {
    write(
      "20260101T000000Z-half",
      "ALTER TABLE users ADD COLUMN plan int; CREATE TABLE IF NOT EXISTS parts (id int);",
      "ALTER TABLE users DROP COLUMN plan; ALTER TABLE parts ADD COLUMN name int;",
    );
    const [half] = (await testRoundTrip(await shop.input())).migrations;
    expect(half?.outcome).toBe("different");
    expect(half?.afterDown.map(({ path }) => path)).toEqual(["parts"]);
    expect(half?.afterSecondUp).toEqual([
      expect.objectContaining({ kind: "added", what: "column", path: "parts.name", before: null }),
    ]);
  });

  test("one without down is applied; after one that fails the others are not run", async () => {
    write("20260101T000000Z-only-up", "CREATE TABLE parts (id int);", null);
    write("20260102T000000Z-fails", "DROP TABLE parts;", "DROP TABLE parts;");
    write("20260103T000000Z-later", "CREATE TABLE later (id int);", null);
    const report = await testRoundTrip(await shop.input());
    expect(report.migrations).toMatchObject([
      { outcome: "noDown" },
      { outcome: "failed", failure: { step: "down", line: 4 } },
      { outcome: "notRun", reason: "20260102T000000Z-fails did not come to its end" },
    ]);
  });

  test("all migrations are tried from an empty database on, applied or not", async () => {
    const database = dialect === "sqlite" ? `${shop.database.file}.other` : null;
    const url = dialect === "postgres" ? await postgres?.createDatabase() : mysql?.createDatabase();
    const address =
      database === null
        ? { ...shop.database, url: url ?? "" }
        : { ...shop.database, file: database, url: `sqlite:${database}` };
    shop.project.write(sources);
    const input = { ...(await shop.input()), database: address };
    await migrateUp({ ...input, to: orders });
    const report = await testRoundTrip({ ...input, all: true });
    expect(report.migrations.map(({ name, outcome }) => [name, outcome])).toEqual(
      [users, orders, prices].map((name) => [name, "same"]),
    );
    const first = await testRoundTrip({ ...input, all: true, to: users });
    expect(first.migrations.map(({ name }) => name)).toEqual([users]);
    const pending = await testRoundTrip(input);
    expect(pending.migrations.map(({ name }) => name)).toEqual([prices]);
  });
});
