import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { type DatabaseAddress, parseDatabaseUrl } from "../../../src/database/address.ts";
import type { StudioError } from "../../../src/errors.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { startMigrating } from "./migrate-run.ts";
import {
  type TestProject,
  columns,
  createAddress,
  createProject,
  journaled,
  select,
  sources,
  startServers,
} from "./project.ts";

const { dialects, ...servers } = await startServers();

const broken = "20260104T000000Z-broken";

/** Ends the connection that asks for it. */
const suicide: Record<string, string> = {
  postgres: "SELECT pg_terminate_backend(pg_backend_pid())",
  mysql: "KILL CONNECTION_ID()",
};

let project: TestProject;
let database: DatabaseAddress;
let before: unknown;

afterAll(async () => {
  await servers.postgres?.stop();
  await servers.mysql?.stop();
});

async function state(): Promise<unknown> {
  return {
    columns: await columns(database),
    users: await select(database, "SELECT id FROM users ORDER BY id"),
    orders: await select(database, "SELECT id FROM orders ORDER BY id"),
    journal: await journaled(database),
  };
}

const fileOf = (extension: string): string => join(project.folder, `${broken}.${extension}`);

function write(extension: string, text: string): void {
  writeFileSync(fileOf(extension), text);
}

/** Migrates, which must fail, and leave the database as it was. */
async function fails(address = database): Promise<StudioError> {
  const input = await project.input(address);
  const error: unknown = await migrateUp(input).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(Error);
  expect(await state()).toEqual(before);
  return error as StudioError;
}

/** The same database under a user who may only read; null where there are no users. */
async function readOnly(): Promise<DatabaseAddress | null> {
  const url = new URL(database.url);
  if (database.dialect === "sqlite") return null;
  const name = url.pathname.slice(1);
  const statements =
    database.dialect === "mysql"
      ? [
          "CREATE OR REPLACE USER reader@'%' IDENTIFIED BY 'reader'",
          `GRANT SELECT ON ${name}.* TO reader@'%'`,
        ]
      : [
          "DROP ROLE IF EXISTS reader",
          "CREATE ROLE reader LOGIN PASSWORD 'reader'",
          "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
          "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        ];
  for (const statement of statements) await select(database, statement);
  url.username = "reader";
  url.password = "reader";
  return parseDatabaseUrl(url.href, project.folder);
}

describe.each(dialects)("a migration on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress(dialect, project, servers);
    await migrateUp(await project.input(database));
    before = await state();
  });

  afterEach(() => project.remove());

  test.each([
    ["sql", "CREATE TABLE half (id integer);\nINSERT INTO half VALUES ('", 2],
    ["ts", "\nexport async function up(knex) {\n  await knex.raw('SELECT 1'", 3],
  ])("in a half-written %s file is refused with its line", async (extension, text, line) => {
    write(extension, text);
    // In a process of its own: here, the test runner reads TypeScript.
    const { code, last } = await startMigrating(database, project);
    expect(code).toBe(2);
    expect(last?.error).toMatchObject({
      code: "migration.invalid",
      message: expect.stringContaining(`${fileOf(extension)}:${line}`) as string,
    });
    expect(await state()).toEqual(before);
  });

  test("that throws is undone, and its line is told", async () => {
    write("ts", "\nexport async function up() {\n  throw new Error('boom');\n}\n");
    expect(await fails()).toMatchObject({
      code: "migration.failed",
      exitCode: 5,
      message: expect.stringContaining(`${fileOf("ts")}:3): boom.`),
    });
  });

  test("with an error in its SQL is undone, and its line is told", async () => {
    write("sql", "-- the first line\n\nCREATE TABEL half (id integer);\n");
    const error = await fails();
    expect(error.message).toContain(`${fileOf("sql")}:3`);
    expect(error).toMatchObject({ exitCode: error.code === "migration.invalid" ? 2 : 5 });
  });

  test("whose connection is lost in the middle leaves nothing", async (context: TestContext) => {
    const statement = suicide[dialect];
    if (statement === undefined) return context.skip("a file has no connection that could be lost");
    write(
      "ts",
      `export async function up(knex) {
        await knex("users").insert({ id: 3 });
        await knex.raw("${statement}");
        await knex("users").insert({ id: 4 });
      }`,
    );
    const input = await project.input(database);
    const error: unknown = await migrateUp(input).catch((reason: unknown) => reason);
    expect((error as StudioError).message).toContain(fileOf("ts"));
    if (dialect === "mysql") {
      // Each statement is committed with the journal: the next run goes on behind the first.
      write("ts", sourceWithout(statement));
      await migrateUp(await project.input(database));
      expect(await select(database, "SELECT count(*) AS n FROM users WHERE id = 3")).toEqual([
        { n: 1 },
      ]);
      return;
    }
    expect(error).toMatchObject({ code: "migration.failed", exitCode: 5 });
    expect(await state()).toEqual(before);
  });

  test("on a database that can only be read changes nothing", async (context: TestContext) => {
    write("sql", "CREATE TABLE half (id integer);\n");
    const address = await readOnly();
    if (address === null && process.getuid?.() === 0) {
      return context.skip("root may write what others can only read");
    }
    if (address === null) chmodSync(database.file ?? "", 0o444);
    expect(await fails(address ?? database)).toMatchObject({
      code: "database.unavailable",
      exitCode: 8,
    });
  });

  test("with wrong credentials changes nothing, and tells none", async (context: TestContext) => {
    if (dialect === "sqlite") return context.skip("a file asks for no password");
    const url = new URL(database.url);
    url.password = "wrong-word";
    const error = await fails(parseDatabaseUrl(url.href, project.folder));
    expect(error).toMatchObject({ code: "database.unavailable", exitCode: 8 });
    expect(error.message + String(error.stack)).not.toContain("wrong-word");
  });
});

function sourceWithout(statement: string): string {
  return `export async function up(knex) {
        await knex("users").insert({ id: 3 });
        await knex.raw("SELECT 1 /* instead of ${statement.slice(0, 4)} */");
        await knex("users").insert({ id: 4 });
      }`;
}
