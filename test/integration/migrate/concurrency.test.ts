import type { ChildProcess } from "node:child_process";
import { Client } from "pg";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { acquireMigrationLock } from "../../../src/migrate/lock.ts";
import { type Line, type MigrateProcess, children, startMigrating } from "./migrate-run.ts";
import { query } from "../../support/postgres.ts";
import {
  type TestProject,
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
const { postgres, mysql, dialects } = servers;
const all = [users, orders, prices];
const journal = all.map((name) => `${name} applied`);
const slow = "20260104T000000Z-slow";

let project: TestProject;
let database: DatabaseAddress;

const start = (
  onLine: (line: Line, child: ChildProcess) => void = () => {},
  lockWait = "20000",
): Promise<MigrateProcess> => startMigrating(database, project, { onLine, lockWait });

afterAll(async () => {
  await postgres?.stop();
  await mysql?.stop();
});

describe.each(dialects)("on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress(dialect, project, servers);
  });

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    project.remove();
  });

  test.skipIf(dialect === "mysql")(
    "killed in the middle of a migration, it is as if that had never begun",
    {
      timeout: 30_000,
    },
    async () => {
      project.write({
        [slow]: `import { setTimeout as sleep } from "node:timers/promises";
      export async function up(knex) {
        await knex.schema.createTable("half", (table) => { table.integer("id"); });
        await sleep(20000);
      }`,
      });
      const killed = await start(({ type, name }, child) => {
        if (type === "migrating" && name === slow) setTimeout(() => child.kill("SIGKILL"), 200);
      });
      expect(killed.code).toBeNull();
      expect(await journaled(database)).toEqual(journal);
      project.write({ [slow]: "export async function up(knex) {}" });
      const since = Date.now();
      const again = await migrateUp(await project.input(database));
      expect(again.applied).toEqual([slow]);
      expect(Date.now() - since).toBeLessThan(10_000);
      await expect(select(database, "SELECT * FROM half")).rejects.toThrow();
    },
  );

  test("whoever has waited long enough is told who migrates", async () => {
    const lock = await acquireMigrationLock({ database, who, wait: 0 });
    const { last, lines, code } = await start(undefined, "300");
    expect(code).toBe(7);
    expect(lines[0]).toMatchObject({
      type: "waiting",
      holder: expect.stringContaining(dialect === "mysql" ? "connection" : "ada@studio"),
    });
    expect(last?.error).toMatchObject({
      code: "migration.locked",
      message: expect.stringMatching(
        dialect === "mysql"
          ? /studio@\S+ \(connection \d+\)/
          : /ada@studio \(.*process \d+\) since \d{4}-/,
      ),
    });
    await lock.close();
    expect((await start()).code).toBe(0);
  });

  test("an interrupt ends the wait", async () => {
    const lock = await acquireMigrationLock({ database, who, wait: 0 });
    const interrupt = new AbortController();
    const reason = new Error("interrupted");
    const run = migrateUp({
      ...(await project.input(database)),
      signal: interrupt.signal,
      onEvent: () => interrupt.abort(reason),
    });
    await expect(run).rejects.toBe(reason);
    await lock.close();
  });
});

const terminateHolder = `SELECT pg_terminate_backend(pid) FROM pg_locks
  WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

/** A client that has read a table and left its transaction open. */
async function idleReader(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query("BEGIN");
  await client.query("SELECT * FROM orders");
  return client;
}

describe.skipIf(postgres === null)("on a PostgreSQL server", () => {
  beforeEach(async () => {
    project = createProject(sources);
    database = await createAddress("postgres", project, servers);
  });

  afterEach(() => project.remove());

  test("an index can be built concurrently while others wait for the lock", async () => {
    await migrateUp(await project.input(database));
    const lock = await acquireMigrationLock({ database, who, wait: 0 });
    const input = await project.input(database);
    let waiting = 0;
    const waiters = Array.from({ length: 3 }, () =>
      migrateUp({ ...input, onEvent: () => waiting++ }),
    );
    await expect.poll(() => waiting).toBe(3);
    await query(database.url, "CREATE INDEX CONCURRENTLY users_id ON users (id)");
    await lock.close();
    expect(await Promise.all(waiters)).toMatchObject([
      { applied: [] },
      { applied: [] },
      { applied: [] },
    ]);
  });

  test("a blocked migration does not hold readers up for longer than its lock timeout", async () => {
    const input = await project.input(database);
    await migrateUp({ ...input, to: orders });
    const session = await idleReader(database.url);
    const run = migrateUp({ ...input, lockTimeout: 300 });
    const blocked = "SELECT count(*)::int AS n FROM pg_locks WHERE NOT granted";
    await expect.poll(() => query(database.url, blocked), { interval: 10 }).toEqual([{ n: 1 }]);
    const since = Date.now();
    await query(database.url, "SELECT * FROM orders");
    expect(Date.now() - since).toBeLessThan(500);
    await session.end();
    expect((await run).applied).toEqual([prices]);
  });

  test("a migration stops when the connection that holds the lock is lost", async () => {
    const second = "20260101T000001Z-second";
    project.write({
      [second]: `export async function up(knex) { await knex.raw("select pg_sleep(1)"); }`,
    });
    const run = migrateUp({
      ...(await project.input(database)),
      onEvent: (event) => {
        if (event.type === "migrating" && event.name === second) {
          void query(database.url, terminateHolder);
        }
      },
    });
    await expect(run).rejects.toMatchObject({ code: "migration.lockLost", exitCode: 8 });
  });
});
