import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { judgeMigrations } from "../../../src/migrate/judge.ts";
import { lookAtPresentSchema } from "../../../src/migrate/present-schema.ts";
import { readSchemaState } from "../../../src/migrate/state.ts";
import { type TestProject, createAddress, createProject, startServers } from "./project.ts";

const { dialects, ...servers } = await startServers();

const make = "20260101T000000Z-make";
const widen = "20260102T000000Z-widen";
const drop = "20260103T000000Z-drop";
const keep = "20260104T000000Z-keep";

let project: TestProject;
let database: DatabaseAddress;

/** A program that leaves a line each time it runs. */
function program(body: string, declared = ""): string {
  return `import { appendFileSync } from "node:fs";
    ${declared}
    export async function up(knex: any) {
      appendFileSync(new URL("runs.log", import.meta.url), "ran\\n");
      ${body}
    }`;
}

const sources = {
  [make]: program(`await knex.schema.createTable("things", (table) => {
    table.integer("id").primary();
    table.string("name", 10);
  });`),
  [widen]: program(`for (let id = 1; id <= 3; id++) await knex("things").insert({ id, name: "x" });
    await knex.schema.alterTable("things", (table) => { table.integer("price"); });`),
  [drop]: program(
    `await knex.schema.alterTable("things", (table) => { table.dropColumn("name"); });`,
  ),
  [keep]: program(
    `await knex.schema.alterTable("things", (table) => { table.dropColumn("price"); });`,
    "export const compatible = true;",
  ),
};

const runs = () => {
  const file = join(project.folder, "runs.log");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0;
};

const compatible = async () => {
  const { applied } = await readSchemaState(await project.input(database));
  return Object.fromEntries(applied.map((row) => [row.name, row.compatible]));
};

afterAll(async () => {
  await servers.postgres?.stop();
  await servers.mysql?.stop();
});

describe.each(dialects)("on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject();
    database = await createAddress(dialect, project, servers);
  });

  afterEach(() => project.remove());

  test("what a program sends while it is applied decides; it runs once", async () => {
    project.write(sources);
    await migrateUp({ ...(await project.input(database)), to: make });
    await migrateUp(await project.input(database));
    expect(runs()).toBe(4);
    expect(await compatible()).toEqual({
      [make]: true,
      [widen]: true,
      [drop]: false,
      [keep]: true,
    });
  });

  test("what one run makes, it may take away again", async () => {
    project.write({ [make]: sources[make], [drop]: sources[drop] });
    await migrateUp(await project.input(database));
    expect(await compatible()).toEqual({ [make]: true, [drop]: true });
  });

  test("judging beforehand runs no migration that is applied", async () => {
    project.write({ [make]: sources[make] });
    await migrateUp(await project.input(database));
    project.write({ [drop]: sources[drop] });
    const { migrations } = await project.input(database);
    const report = await judgeMigrations({
      dialect: database.dialect,
      present: await lookAtPresentSchema(database),
      migrations: migrations.slice(1),
    });
    expect(runs()).toBe(2);
    // On SQLite, the query builder makes the table anew without the column.
    const rule = dialect === "sqlite" ? "replace-table" : "drop-column";
    expect(report.findings.map((finding) => finding.rule)).toContain(rule);
    expect(report.migrations).toEqual([{ name: drop, compatible: false, declared: null }]);
  });
});

test("a program that does not end is left alone, and those after it are not known", async () => {
  const folder = createProject({
    [make]: "export const up = () => new Promise(() => {});",
    [widen]: sources[widen],
  });
  try {
    const { migrations } = await folder.input(await createAddress("sqlite", folder, servers));
    const report = await judgeMigrations({ dialect: "postgres", present: [], migrations });
    expect(report.safe).toBe(false);
    expect(report.findings.map(({ migration }) => migration)).toEqual([make, widen]);
    expect(report.findings[0]?.message).toContain("5 seconds");
  } finally {
    folder.remove();
  }
});
