import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestPostgres, startPostgres } from "../support/postgres.ts";
import { type TestProject, createProject, quickSettings } from "../support/studio.ts";

const server: TestPostgres | null = await startPostgres();
const accounts = 50;
const balance = 1000;

describe.skipIf(server === null)("the backup of an environment on PostgreSQL", () => {
  let project: TestProject;
  let url: string;
  let snapshot: string;

  const studio = (argv: string[], env: Record<string, string> = {}) =>
    project.studio([...argv, "--json"], { DATABASE_URL: url, ...env });

  async function run<T>(...argv: string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await studio(argv);
    expect(exitCode, `${argv.join(" ")}: ${stderr}`).toBe(0);
    return (JSON.parse(stdout) as { result: T }).result;
  }

  const restore = <T>(...options: string[]) =>
    run<T>("backup", "restore", snapshot, ...options, "--yes");

  async function query<T extends Record<string, unknown>>(sql: string): Promise<T[]> {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query<T>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  const totals = async () =>
    (
      await query<{ sum: string; transfers: string }>(
        `SELECT (SELECT sum(amount) FROM accounts) AS sum,
                (SELECT count(*) FROM transfers) AS transfers`,
      )
    )[0];

  const isServing = async () =>
    expect(await run("status")).toMatchObject({
      operation: null,
      serving: { state: "serving" },
    });

  /** As pgbench does: each transaction moves money and writes it down, until it is stopped. */
  async function transfer(stopped: AbortSignal): Promise<number> {
    const client = new Client({ connectionString: url });
    client.on("error", () => undefined);
    await client.connect();
    let moved = 0;
    for (; !stopped.aborted; moved += 1) {
      const [from, to] = [1 + (moved % accounts), 1 + ((moved * 7 + 3) % accounts)];
      // Both rows in one order, whatever goes where: so no two of them wait for each other.
      await client.query(
        `BEGIN;
         SELECT 1 FROM accounts WHERE id IN (${from}, ${to}) ORDER BY id FOR UPDATE;
         UPDATE accounts SET amount = amount - 5 WHERE id = ${from};
         UPDATE accounts SET amount = amount + 5 WHERE id = ${to};
         INSERT INTO transfers (sender, receiver) VALUES (${from}, ${to});
         COMMIT`,
      );
    }
    await client.end();
    return moved;
  }

  beforeAll(async () => {
    url = (await server?.createDatabase()) ?? "";
    project = await createProject(`${quickSettings}database: { url: { env: DATABASE_URL } }\n`);
    await query(
      `CREATE TABLE accounts (id int PRIMARY KEY, amount int NOT NULL);
       CREATE TABLE transfers (sender int REFERENCES accounts, receiver int REFERENCES accounts);
       INSERT INTO accounts SELECT n, ${balance} FROM generate_series(1, ${accounts}) n`,
    );
    await run("deploy");
  }, 120_000);

  afterAll(async () => {
    await studio(["down"]);
    await project.remove();
    await server?.stop();
  }, 60_000);

  test("is of one instant while many transactions run", async () => {
    const load = new AbortController();
    const clients = [transfer(load.signal), transfer(load.signal)];
    const created = await run<{ snapshot: { id: string; databases: string[] } }>(
      "backup",
      "create",
      "--set",
      "database",
    );
    load.abort();
    const moved = await Promise.all(clients);
    expect(Math.min(...moved)).toBeGreaterThan(10);
    snapshot = created.snapshot.id;
    expect(created.snapshot.databases).toEqual(["database"]);
    expect((await totals())?.transfers).toBe(String(moved.reduce((sum, one) => sum + one, 0)));
  }, 60_000);

  test("is put back beside the live database, and exchanged with it", async () => {
    const restored = await restore<{ databaseKeptAs: string }>("--database");
    const now = await totals();
    expect(now?.sum).toBe(String(accounts * balance));
    const kept = new Client({ connectionString: url.replace(/[^/]+$/, restored.databaseKeptAs) });
    await kept.connect();
    const before = await kept.query<{ n: string }>("SELECT count(*) AS n FROM transfers");
    await kept.end();
    expect(Number(before.rows[0]?.n)).toBeGreaterThan(Number(now?.transfers));
    await isServing();
  }, 60_000);

  test("gives one table its rows back, and leaves the others", async () => {
    const before = await totals();
    await query("DELETE FROM transfers; UPDATE accounts SET amount = amount + 1 WHERE id = 1");
    type Restored = { tables: { name: string; keptAs: string }[] };
    const { tables } = await restore<Restored>("--table", "transfers");
    expect(tables).toMatchObject([{ name: "public.transfers" }]);
    expect(await totals()).toEqual({
      sum: String(accounts * balance + 1),
      transfers: before?.transfers,
    });
    await isServing();
  }, 60_000);

  test.each([
    ["fill/fill:after", "fails before the exchange"],
    ["database/exchange:after", "fails after the exchange"],
    ["health#intent:after", "fails when the release is started again"],
  ])(
    "a restore with a failure at %s is undone whole",
    async (point) => {
      await query("INSERT INTO transfers VALUES (1, 2)");
      const before = await totals();
      const argv = ["backup", "restore", snapshot, "--database", "--yes"];
      const { exitCode, stderr } = await studio(argv, { STUDIO_FAULT: `fail:${point}` });
      expect(exitCode, stderr).toBe(5);
      expect(await totals()).toEqual(before);
      await isServing();
    },
    60_000,
  );

  test.each([
    ["resume", "fill/fill:before"],
    ["abort", "fill/fill:after"],
    ["resume", "database/exchange:before"],
    ["abort", "database/exchange:after"],
  ])(
    "`%s` ends a restore that was killed at %s",
    async (way, point) => {
      await query("INSERT INTO transfers VALUES (1, 2)");
      const before = await totals();
      const argv = ["backup", "restore", snapshot, "--database", "--yes"];
      expect((await studio(argv, { STUDIO_FAULT: `kill:${point}` })).signal).toBe("SIGKILL");
      await run(way);
      const after = await totals();
      if (way === "abort") expect(after).toEqual(before);
      else expect(after?.sum).toBe(String(accounts * balance));
      await isServing();
    },
    60_000,
  );

  test("is proven by a drill in a database of its own", async () => {
    const before = await totals();
    const report = await run<{ databases: { tables: Record<string, number> }[] }>(
      "backup",
      "drill",
      snapshot,
    );
    expect(report.databases[0]?.tables["public.accounts"]).toBe(accounts);
    expect(await totals()).toEqual(before);
  }, 60_000);

  test("leaves no database behind but those it keeps", async () => {
    const names = await query<{ datname: string }>("SELECT datname FROM pg_database");
    const left = names.filter(({ datname }) => /_studio_(restore|drill)_/.test(datname));
    expect(left).toEqual([]);
  });
});
