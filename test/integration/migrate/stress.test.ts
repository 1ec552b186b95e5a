import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { acquireMigrationLock } from "../../../src/migrate/lock.ts";
import { rounds } from "../../support/every.ts";
import { query } from "../../support/postgres.ts";
import { randomFrom } from "../../support/random.ts";
import { children, startMigrating } from "./migrate-run.ts";
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
  startServers,
  users,
  who,
} from "./project.ts";

const servers = await startServers();
const all = [users, orders, prices];
const rows = "20260104T000000Z-rows";
const index = "20260105T000000Z-index";

let project: TestProject;
let database: DatabaseAddress;

afterAll(async () => {
  await servers.postgres?.stop();
  await servers.mysql?.stop();
});

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  project.remove();
});

/** Rows that are changed more than once, so that a change that is made twice shows. */
const counting = `export async function up(knex) {
  await knex.schema.createTable("counts", (table) => {
    table.integer("id").primary();
    table.integer("n").notNullable();
  });
  for (let id = 0; id < 3; id += 1) await knex("counts").insert({ id, n: 0 });
  await knex("counts").increment("n", 1);
  await knex.schema.alterTable("counts", (table) => { table.integer("more"); });
  await knex("counts").increment("n", 10);
}`;

const concurrently = `export const transaction = false;
export async function up(knex) {
  await knex.raw("CREATE INDEX CONCURRENTLY counts_n ON counts (n)");
}`;

describe.each(servers.dialects)("on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress(dialect, project, servers);
  });

  test("of twenty at once on a new database one applies, and all succeed", {
    timeout: 3_600_000,
  }, async () => {
    for (let round = 0; round < rounds(1, 100); round += 1) {
      database = await createAddress(dialect, fresh(), servers);
      const runs = await Promise.all(
        Array.from({ length: 20 }, () => startMigrating(database, project, { lockWait: "120000" })),
      );
      children.splice(0);
      expect(runs.map(({ code }) => code)).toEqual(runs.map(() => 0));
      const applied = runs.map(({ last }) => last?.report?.applied ?? []);
      expect(applied.filter((names) => names.length > 0)).toEqual([all]);
      expect(await journaled(database)).toEqual(all.map((name) => `${name} applied`));
    }
  });

  test("killed before or after any statement, it recovers, and does nothing twice", {
    timeout: 3_600_000,
  }, async () => {
    const files = { ...sources, [rows]: counting };
    const more = dialect === "postgres" ? { ...files, [index]: concurrently } : files;
    const names = Object.keys(more);
    project.write(more);
    const whole = await startMigrating(database, project);
    expect(whole.last).toMatchObject({ report: { head: names.at(-1) } });
    const points = whole.last?.points ?? 0;
    expect(points).toBeGreaterThan(20);
    const outcome = await outcomeOf();
    const random = randomFrom(20261121);
    for (let round = 0; round < rounds(3, 50); round += 1) {
      const killAt = 1 + random.below(points);
      database = await createAddress(dialect, fresh(more), servers);
      const killed = await startMigrating(database, project, { killAt });
      expect(killed.code, `killed at ${killAt}`).toBeNull();
      expect(await freeAfter(), `killed at ${killAt}`).toBeLessThan(2000);
      const again = await startMigrating(database, project);
      expect(again.last, `killed at ${killAt}`).toMatchObject({ report: { head: names.at(-1) } });
      expect(await outcomeOf(), `killed at ${killAt}`).toEqual(outcome);
      children.splice(0);
    }
  });

  /** Milliseconds until somebody else can take the lock. */
  async function freeAfter(): Promise<number> {
    const since = performance.now();
    const lock = await acquireMigrationLock({ database, who, wait: 10_000 });
    await lock.close();
    return performance.now() - since;
  }

  async function outcomeOf(): Promise<unknown> {
    return {
      columns: await columns(database),
      counts: await select(database, "SELECT id, n FROM counts ORDER BY id"),
      users: await select(database, "SELECT id FROM users ORDER BY id"),
      journal: await journaled(database),
      invalid:
        dialect === "postgres"
          ? await select(database, "SELECT indexrelid FROM pg_index WHERE NOT indisvalid")
          : [],
    };
  }

  function fresh(files: Record<string, string> = sources): TestProject {
    project.remove();
    project = createProject(files);
    return project;
  }
});

describe.skipIf(servers.postgres === null)("on a PostgreSQL server", () => {
  test("an index is built concurrently while five others wait, and no one deadlocks", {
    timeout: 1_800_000,
  }, async () => {
    for (let round = 0; round < rounds(3, 50); round += 1) {
      project = createProject({ ...sources, [rows]: counting });
      database = await createAddress("postgres", project, servers);
      await migrateUp(await project.input(database));
      await query(
        database.url,
        "INSERT INTO counts SELECT id, 0 FROM generate_series(10, 50000) AS id",
      );
      project.write({ [index]: concurrently });
      const input = await project.input(database);
      const runs = await Promise.all(Array.from({ length: 6 }, () => migrateUp(input)));
      const applied = runs.flatMap((run) => run.applied);
      expect(applied).toEqual([index]);
      const valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'counts_n'::regclass";
      expect(await query(database.url, valid)).toEqual([{ indisvalid: true }]);
      project.remove();
    }
  });

  test("what an interrupted concurrent build leaves is cleared away before the next try", async () => {
    project = createProject({ ...sources, [rows]: counting });
    database = await createAddress("postgres", project, servers);
    await migrateUp(await project.input(database));
    await query(database.url, "INSERT INTO counts VALUES (10, 5), (11, 5)");
    const unique = concurrently.replace("CREATE INDEX", "CREATE UNIQUE INDEX");
    project.write({ [index]: unique });
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      exitCode: 5,
      details: { outcome: "undone" },
    });
    const left = "SELECT 1 FROM pg_index WHERE NOT indisvalid";
    expect(await query(database.url, left)).toEqual([]);
    await query(database.url, "UPDATE counts SET n = id");
    expect(await migrateUp(await project.input(database))).toMatchObject({ applied: [index] });
  });
});
