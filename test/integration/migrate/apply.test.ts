import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { migrateDown, migrateUp } from "../../../src/migrate/apply.ts";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { openSession } from "../../../src/database/session.ts";
import { readSchemaState } from "../../../src/migrate/state.ts";
import { startPostgres } from "../../support/postgres.ts";
import {
  type TestProject,
  columns,
  createAddress,
  createProject,
  journaled,
  orders,
  prices,
  select,
  sources,
  users,
} from "./project.ts";

const postgres = await startPostgres();
const dialects = postgres === null ? ["sqlite"] : ["sqlite", "postgres"];
const all = [users, orders, prices];
const broken = "20260104T000000Z-broken";

let project: TestProject;
let database: DatabaseAddress;

afterAll(async () => postgres?.stop());

describe.each(dialects)("on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress(dialect, project, postgres);
  });

  afterEach(() => project.remove());

  test("pending migrations are applied in order and journaled", async () => {
    const input = await project.input(database);
    const seen: string[] = [];
    const now = () => new Date("2026-05-01T00:00:00Z");
    const onEvent = ({ type }: { type: string }): unknown => seen.push(type);
    const report = await migrateUp({ ...input, now, onEvent });
    expect(report).toEqual({ applied: all, reverted: [], head: prices });
    expect(seen).toEqual(all.flatMap(() => ["migrating", "migrated"]));
    const { applied, pending, problems, head } = await readSchemaState(input);
    expect({ pending, problems, head }).toEqual({ pending: [], problems: [], head: prices });
    expect(applied[2]).toEqual({
      sequence: 3,
      name: prices,
      checksum: input.migrations[2]?.checksum,
      parent: orders,
      origin: "project",
      compatible: true,
      reversible: true,
      startedAt: "2026-05-01T00:00:00.000Z",
      finishedAt: "2026-05-01T00:00:00.000Z",
      status: "applied",
      progress: null,
      toolVersion: "1.2.3",
      user: "ada",
      host: "studio",
    });
  });

  test("applying nothing is success", async () => {
    const input = await project.input(database);
    await migrateUp(input);
    expect(await migrateUp(input)).toEqual({ applied: [], reverted: [], head: prices });
    expect(await migrateUp({ ...input, to: users })).toMatchObject({ applied: [] });
  });

  test("up, down and up again end where they began", async () => {
    const input = await project.input(database);
    await migrateUp({ ...input, to: users });
    const before = await columns(database);
    await migrateUp(input);
    const after = await columns(database);
    expect(await migrateDown({ ...input, steps: 1 })).toMatchObject({ reverted: [prices] });
    expect(await migrateDown({ ...input, to: users })).toEqual({
      applied: [],
      reverted: [orders],
      head: users,
    });
    expect(await columns(database)).toEqual(before);
    await migrateUp(input);
    expect(await columns(database)).toEqual(after);
    expect(await migrateDown({ ...input, to: null })).toMatchObject({
      reverted: all.toReversed(),
      head: null,
    });
    expect(await columns(database)).toEqual([]);
  });

  test("a migration that throws half-way leaves nothing; earlier ones stay", async () => {
    project.write({
      [broken]: `export async function up(knex) {
        await knex.schema.createTable("half", (table) => { table.integer("id"); });
        await knex.schema.alterTable("orders", (table) => { table.dropColumn("price"); });
        await knex("orders").delete();
        await knex("nothing").insert({ secret: "hunter2" });
      }`,
    });
    const input = await project.input(database);
    const error: unknown = await migrateUp(input).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: "migration.failed",
      exitCode: 5,
      details: { name: broken, file: join(project.folder, `${broken}.ts`), line: 5, applied: all },
    });
    expect((error as Error).message).not.toContain("hunter2");
    expect((error as Error).message).toContain("as it was before");
    expect(await journaled(database)).toEqual(all.map((name) => `${name} applied`));
    expect(await columns(database)).toEqual([
      "orders.id",
      "orders.price",
      "orders.user",
      "users.id",
    ]);
    expect(await select(database, "SELECT id FROM orders")).toEqual([{ id: 1 }]);
  });

  test("a down that throws half-way leaves the migration applied", async () => {
    project.write({
      [broken]: `export async function up(knex) {}
      export async function down(knex) {
        await knex.schema.dropTable("orders");
        throw new Error("stop");
      }`,
    });
    const input = await project.input(database);
    await migrateUp(input);
    await expect(migrateDown({ ...input, to: null })).rejects.toMatchObject({
      exitCode: 5,
      details: { name: broken, direction: "down", line: 4, outcome: "undone", reverted: [] },
    });
    expect(await readSchemaState(input)).toMatchObject({ head: broken, problems: [] });
    expect(await columns(database)).toContain("orders.id");
  });

  test("what a migration commits by itself is reported, and nothing goes on after it", async () => {
    project.write({
      [broken]: `export async function up(knex) {
        await knex.schema.createTable("half", (table) => { table.integer("id"); });
        await knex.raw("COMMIT");
        throw new Error("stop");
      }`,
    });
    const input = await project.input(database);
    await expect(migrateUp(input)).rejects.toMatchObject({
      exitCode: 6,
      details: { outcome: "left" },
    });
    expect((await readSchemaState(input)).problems).toMatchObject([
      { kind: "unfinished", name: broken },
    ]);
    await expect(migrateUp(input)).rejects.toMatchObject({
      code: "migration.problems",
      exitCode: 4,
    });
  });

  test("an edited file stops everything before it is changed", async () => {
    await migrateUp({ ...(await project.input(database)), to: orders });
    project.write({ [users]: `${sources[users]}\n// edited` });
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      code: "migration.problems",
      details: { problems: [{ kind: "edited", name: users }] },
    });
    expect(await columns(database)).not.toContain("orders.price");
  });

  test("reading the state creates nothing", async () => {
    const state = await readSchemaState(await project.input(database));
    expect(state).toMatchObject({ head: null, applied: [], problems: [] });
    expect(state.pending).toHaveLength(3);
    if (database.file !== null) expect(existsSync(database.file)).toBe(false);
    else
      expect(
        await select(database, "SELECT to_regclass('studio_migrations')::text AS journal"),
      ).toEqual([{ journal: null }]);
  });

  test("an interrupt rolls the migration under way back", async () => {
    project.write({
      [broken]: `import { setTimeout as sleep } from "node:timers/promises";
      export async function up(knex) {
        await knex("orders").delete();
        ${dialect === "sqlite" ? "await sleep(20000)" : 'await knex.raw("SELECT pg_sleep(20)")'};
      }`,
    });
    const interrupt = new AbortController();
    const reason = new Error("interrupted");
    const run = migrateUp({
      ...(await project.input(database)),
      signal: interrupt.signal,
      onEvent: (event) => {
        if (event.type === "migrating" && event.name === broken) {
          setTimeout(() => interrupt.abort(reason), 100);
        }
      },
    });
    await expect(run).rejects.toBe(reason);
    expect(await select(database, "SELECT id FROM orders")).toEqual([{ id: 1 }]);
    expect(await journaled(database)).toEqual(all.map((name) => `${name} applied`));
  });

  test("a lock that is let go in time only delays a migration", async () => {
    const input = await project.input(database);
    await migrateUp({ ...input, to: orders });
    const holder = await openSession(database, { applicationName: "test" });
    const transaction = await holder.transaction();
    await transaction("orders").update({ user: 2 });
    const retries: number[] = [];
    const run = migrateUp({
      ...input,
      onEvent: (event) => {
        if (event.type !== "retrying") return;
        retries.push(event.attempt);
        if (event.attempt === 2) void transaction.commit();
      },
    });
    expect(await run).toMatchObject({ applied: [prices] });
    expect(retries).toEqual([1, 2]);
    await holder.destroy();
  });

  test("a lock that is never let go fails the migration, which is undone", async () => {
    const input = await project.input(database);
    await migrateUp({ ...input, to: orders });
    const holder = await openSession(database, { applicationName: "test" });
    const transaction = await holder.transaction();
    await transaction("orders").update({ user: 2 });
    await expect(migrateUp({ ...input, lockTimeout: 20 })).rejects.toMatchObject({
      code: "migration.failed",
      exitCode: 5,
      hint: expect.stringContaining("migrate.lockTimeout"),
    });
    await transaction.rollback();
    await holder.destroy();
  });
});

describe("on sqlite", () => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress("sqlite", project, postgres);
  });

  afterEach(() => project.remove());

  test("rebuilding a table keeps the rows that refer to it", async () => {
    project.write({
      [broken]: `export async function up(knex) {
        await knex.schema.alterTable("users", (table) => { table.bigInteger("id").alter(); });
      }`,
    });
    await migrateUp(await project.input(database));
    expect(await select(database, "SELECT id FROM orders")).toEqual([{ id: 1 }]);
  });

  test("a migration that leaves a reference to nothing is undone", async () => {
    project.write({
      [broken]: `export async function up(knex) { await knex("users").where({ id: 1 }).delete(); }`,
    });
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      exitCode: 5,
      message: expect.stringContaining("orders -> users"),
    });
    expect(await select(database, "SELECT count(*) AS n FROM users")).toEqual([{ n: 2 }]);
  });

  test("a database in a folder that does not exist is unavailable", async () => {
    const absent = { ...database, file: join(project.folder, "absent/data.db") };
    await expect(migrateUp(await project.input(absent))).rejects.toMatchObject({ exitCode: 8 });
  });

  test("a file that is no database is unavailable", async () => {
    writeFileSync(database.file ?? "", "this is text, and by no means a database of any kind");
    const input = await project.input(database);
    await expect(migrateUp(input)).rejects.toMatchObject({ exitCode: 8 });
    await expect(readSchemaState(input)).rejects.toMatchObject({ exitCode: 8 });
  });

  test("a URL that cannot be read is refused without showing it", async () => {
    const url = "postgres://studio:pass#word@127.0.0.1/studio";
    const input = await project.input({ dialect: "postgres", file: null, url });
    for (const work of [migrateUp, readSchemaState]) {
      const error = (await work(input).catch((reason: unknown) => reason)) as Error;
      expect(error).toMatchObject({ code: "usage", exitCode: 2 });
      expect(error.cause).toBeUndefined();
      expect(error.message + String(error.stack)).not.toContain("pass#");
    }
  });

  test.skipIf(process.getuid?.() === 0)("a file that can only be read is unavailable", async () => {
    const input = await project.input(database);
    await migrateUp({ ...input, to: users });
    chmodSync(database.file ?? "", 0o444);
    await expect(migrateUp(input)).rejects.toMatchObject({
      code: "database.unavailable",
      exitCode: 8,
    });
  });
});

describe.skipIf(postgres === null)("a PostgreSQL server", () => {
  beforeEach(() => {
    project = createProject(sources);
  });

  afterEach(() => project.remove());

  const url = (user: string, password: string, port: number, name: string): string =>
    `postgres://${user}:${password}@127.0.0.1:${port}/${name}`;
  const { port = 0, user = "", password = "" } = postgres ?? {};

  test.each([
    ["that refuses the password", url(user, "wrong-secret", port, "postgres"), /password/],
    ["without that database", url(user, password, port, "absent"), /no database/],
    ["that does not run", url(user, "wrong-secret", 1, "postgres"), /cannot be reached/],
  ])("%s is unavailable, and the message holds no password", async (_case, address, message) => {
    const input = await project.input({ dialect: "postgres", file: null, url: address });
    for (const work of [migrateUp, readSchemaState]) {
      const error = (await work(input).catch((reason: unknown) => reason)) as Error;
      expect(error).toMatchObject({ exitCode: 8, message: expect.stringMatching(message) });
      const shown = JSON.stringify(error) + error.message + String(error.stack);
      expect(shown).not.toMatch(new RegExp(`wrong-secret|${password}`));
    }
  });
});
