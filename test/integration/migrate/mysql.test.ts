import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DatabaseAddress, parseDatabaseUrl } from "../../../src/database/address.ts";
import { migrateDown, migrateUp } from "../../../src/migrate/apply.ts";
import { readSchemaState } from "../../../src/migrate/state.ts";
import { startMysql } from "../../support/mysql.ts";
import { type TestProject, createProject, orders, prices, sources, users } from "./project.ts";

const mysql = await startMysql();
const all = [users, orders, prices];
const broken = "20260104T000000Z-broken";

let project: TestProject;
let database: DatabaseAddress;

afterAll(async () => mysql?.stop());

describe.skipIf(mysql === null)("on MariaDB, which commits each change of a definition", () => {
  beforeEach(() => {
    project = createProject(sources);
    database = parseDatabaseUrl(mysql?.createDatabase() ?? "", project.folder);
  });

  afterEach(() => project.remove());

  const rows = (sql: string): string[] =>
    mysql?.query(new URL(database.url).pathname.slice(1), sql) ?? [];

  test("migrations are applied, journaled, taken back and applied again", async () => {
    const input = await project.input(database);
    expect(await migrateUp(input)).toEqual({ applied: all, reverted: [], head: prices });
    expect(await migrateUp(input)).toEqual({ applied: [], reverted: [], head: prices });
    const { problems, applied } = await readSchemaState(input);
    expect(problems).toEqual([]);
    expect(applied.map(({ status, progress }) => [status, progress])).toEqual(
      all.map(() => ["applied", null]),
    );
    expect(await migrateDown({ ...input, to: null })).toMatchObject({
      reverted: all.toReversed(),
    });
    expect(rows("SHOW TABLES")).toEqual(["studio_migration_log", "studio_migrations"]);
    await migrateUp(input);
    expect(rows("SELECT count(*) FROM users")).toEqual(["2"]);
  });

  test("a migration that fails half-way goes on from there once it is corrected", async () => {
    const failing = (last: string) => ({
      [broken]: `export async function up(knex) {
        await knex.schema.createTable("parts", (table) => { table.integer("id").primary(); });
        await knex("parts").insert([{ id: 1 }, { id: 2 }]);
        await knex("parts").where({ id: 2 }).update({ id: 3 });
        ${last}
      }`,
    });
    project.write(failing(`await knex.raw("ALTER TABLE parts ADD COLUMN nowhere.a INT");`));
    const error = await migrateUp(await project.input(database)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "migration.failed",
      exitCode: 6,
      details: { outcome: "left", line: 5 },
      hint: expect.stringContaining("what is done is not done again"),
    });
    const state = await readSchemaState(await project.input(database));
    expect(state.problems).toMatchObject([{ kind: "unfinished", name: broken }]);
    expect(state.applied.at(-1)?.progress).toMatchObject({ done: 3 });
    project.write(failing(`await knex.raw("ALTER TABLE parts ADD COLUMN a INT");`));
    const input = await project.input(database);
    expect(await migrateUp(input)).toMatchObject({ applied: [broken], head: broken });
    expect(rows("SELECT id, a FROM parts ORDER BY id")).toEqual(["1\tNULL", "3\tNULL"]);
    expect((await readSchemaState(input)).problems).toEqual([]);
  });

  test("one whose first statement fails leaves nothing", async () => {
    project.write({
      [broken]: `export async function up(knex) { await knex.raw("CREATE TABLE nowhere.a (b INT)"); }`,
    });
    const input = await project.input(database);
    await expect(migrateUp(input)).rejects.toMatchObject({
      exitCode: 5,
      details: { outcome: "undone" },
    });
    expect((await readSchemaState(input)).problems).toEqual([]);
  });

  test("what was already done may not be changed before it goes on", async () => {
    const failing = (first: string, last: string) => ({
      [broken]: `export async function up(knex) {
        await knex.raw("${first}"); await knex.raw("${last}");
      }`,
    });
    project.write(failing("CREATE TABLE parts (a INT)", "nonsense"));
    await migrateUp(await project.input(database)).catch(() => {});
    project.write(failing("CREATE TABLE parts (b INT)", "CREATE TABLE more (c INT)"));
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      code: "migration.changedHalfWay",
      exitCode: 4,
      hint: expect.stringContaining("studio migrate repair"),
    });
  });

  test("a connection that is lost in the middle is told, and the next run goes on from there", async () => {
    const losing = (last: string) => ({
      [broken]: `export async function up(knex) {
        await knex.raw("CREATE TABLE parts (a INT)");
        ${last}
        await knex.raw("CREATE TABLE more (a INT)");
      }`,
    });
    project.write(losing(`await knex.raw("KILL CONNECTION_ID()");`));
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      exitCode: expect.any(Number) as number,
      code: expect.stringMatching(/^(migration\.failed|database\.unavailable)$/) as string,
    });
    project.write(losing(""));
    const input = await project.input(database);
    expect(await migrateUp(input)).toMatchObject({ applied: [broken] });
    expect(rows("SHOW TABLES LIKE 'more'")).toEqual(["more"]);
  });

  test("a wrong password, and a server that is gone, are told without the address's secret", async () => {
    const input = await project.input(database);
    for (const [wrong, what] of [
      [database.url.replace(/:[^:@]+@/, ":wrong-word@"), "refused the user or the password"],
      [database.url.replace(/:\d+\//, ":1/"), "cannot be reached"],
    ] as const) {
      const address = parseDatabaseUrl(wrong, project.folder);
      const error = await migrateUp({ ...input, database: address }).catch((one: Error) => one);
      expect(error).toMatchObject({ code: "database.unavailable", exitCode: 8 });
      expect((error as Error).message).toContain(what);
      expect((error as Error).message).not.toContain("wrong-word");
    }
  });

  test("a user who may only read is told, and nothing is begun", async () => {
    const name = new URL(database.url).pathname.slice(1);
    rows(`CREATE USER reader@'%' IDENTIFIED BY 'reader'`);
    rows(`GRANT SELECT ON ${name}.* TO reader@'%'`);
    const url = database.url.replace(/\/\/[^@]+@/, "//reader:reader@");
    const input = await project.input(parseDatabaseUrl(url, project.folder));
    await expect(migrateUp(input)).rejects.toMatchObject({
      code: "database.unavailable",
      exitCode: 8,
    });
    expect(rows("SHOW TABLES")).toEqual([]);
  });
});
