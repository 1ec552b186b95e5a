import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { drillPostgres, restorePostgres } from "../../../src/database/postgres/restore-database.ts";
import {
  dropFilled,
  dropKept,
  dropLeftDatabase,
  exchangeDatabases,
  exchangeState,
  listLeftDatabases,
  undoExchange,
} from "../../../src/database/postgres/swap.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { query, startPostgres } from "../../support/postgres.ts";
import {
  addressOf,
  createShop,
  dumpShop,
  imbalance,
  programs,
  transferLoad,
  untilTransfers,
} from "./postgres-shop.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

describe.skipIf(server === null)("a restore of PostgreSQL", () => {
  if (server === null) return;

  async function dumped(prepare = "SELECT 1") {
    const shop = await createShop(await server!.createDatabase());
    await query(shop.url, prepare);
    const dump = await dumpShop(shop);
    const database = new URL(shop.url).pathname.slice(1);
    const id = createIdentifier(new Date());
    const options = { address: shop.address, programs, from: dump.folder, jobs: 2 };
    return { shop, dump, database, options, target: { database, id } };
  }

  async function databases(prefix: string): Promise<unknown[]> {
    const rows = await query(
      server!.urlOf("postgres"),
      `SELECT datname FROM pg_database WHERE datname ~ '^${prefix}(_studio|$)' ORDER BY datname`,
    );
    return rows.map(({ datname }) => datname);
  }

  test("brings back the dumped instant while the application goes on, and can be undone", async () => {
    const shop = await createShop(await server.createDatabase());
    const load = transferLoad(shop.url);
    await untilTransfers(shop.url, 20);
    const dump = await dumpShop(shop);
    const database = new URL(shop.url).pathname.slice(1);
    const target = { database, id: createIdentifier(new Date()) };
    const options = { address: shop.address, programs, from: dump.folder, jobs: 2 };
    const restored = await restorePostgres(options, target);
    // The exchange has ended the connections of the application.
    await expect(load.stop()).rejects.toThrow(/terminat|not queryable|ECONNRESET|EPIPE/);
    expect(restored.name).toBe(database);
    expect(restored.notes).toEqual([]);
    expect(await imbalance(shop.url)).toEqual([]);
    const [row] = await query(shop.url, "SELECT count(*)::int AS n FROM transfers");
    const counted = dump.files.find(({ table }) => table === "public.transfers")?.rows;
    expect(row).toEqual({ n: counted });
    expect(await imbalance(server.urlOf(restored.keptAs ?? ""))).toEqual([]);
    expect(await exchangeState({ ...target, address: shop.address })).toBe("exchanged");

    await query(shop.url, "INSERT INTO parents VALUES (99)");
    await undoExchange({ ...target, address: shop.address });
    expect(await query(shop.url, "SELECT FROM parents WHERE a = 99")).toEqual([]);
    expect(await exchangeState({ ...target, address: shop.address })).toBe("filled");
    await dropFilled({ ...target, address: shop.address });
    expect(await databases(database)).toEqual([database]);
  });

  test("brings back every kind of thing as it was", async () => {
    const { shop, database, options, target } = await dumped();
    const facts = `SELECT
      (SELECT jsonb_agg(t ORDER BY "A b") FROM "Odd ""Name"" (x)" t) AS odd,
      (SELECT jsonb_agg(t ORDER BY id) FROM events t) AS events,
      (SELECT jsonb_agg(jsonb_build_array(tableoid::regclass, a) ORDER BY a) FROM parents) AS parents,
      (SELECT total FROM totals) AS total, (SELECT count(*) FROM rich) AS rich,
      (SELECT jsonb_agg(encode(lo_get(oid), 'escape')) FROM pg_largeobject_metadata) AS objects,
      (SELECT jsonb_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE schemaname = 'public') AS indexes,
      (SELECT jsonb_agg(pg_get_constraintdef(oid) ORDER BY conname, conrelid::regclass::text)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace) AS constraints`;
    const before = await query(shop.url, facts);
    await query(shop.url, "DROP TABLE transfers, events, accounts CASCADE; DELETE FROM parents");
    const restored = await restorePostgres(options, target);
    expect(restored.largeObjects).toBe(1);
    expect(await query(shop.url, facts)).toEqual(before);
    await query(shop.url, "INSERT INTO accounts (owner, amount) VALUES ('new', 1)");
    await dropKept({ ...target, address: shop.address });
    expect(await databases(database)).toEqual([database]);
  });

  test("keeps what belongs to the database itself", async () => {
    const { shop, database, options, target } = await dumped();
    await query(
      shop.url,
      `CREATE ROLE keeper; GRANT CONNECT ON DATABASE ${database} TO keeper WITH GRANT OPTION;
       REVOKE ALL ON DATABASE ${database} FROM PUBLIC;
       ALTER DATABASE ${database} SET work_mem = '7MB';
       ALTER DATABASE ${database} SET search_path = "$user", public, "Odd, ""one";
       ALTER ROLE keeper IN DATABASE ${database} SET statement_timeout = '5s';
       ALTER DATABASE ${database} CONNECTION LIMIT 17;
       COMMENT ON DATABASE ${database} IS 'it''s the \\ shop';
       ALTER DATABASE ${database} OWNER TO keeper`,
    );
    const facts = `SELECT datacl::text, datconnlimit, pg_get_userbyid(datdba) AS owner,
      shobj_description(oid, 'pg_database') AS comment, pg_encoding_to_char(encoding) AS encoding,
      (SELECT jsonb_agg(jsonb_build_array(setrole::regrole, one) ORDER BY setrole, one)
        FROM pg_db_role_setting, unnest(setconfig) one WHERE setdatabase = d.oid) AS settings
      FROM pg_database d WHERE datname = '${database}'`;
    const before = await query(shop.url, facts);
    const restored = await restorePostgres(options, target);
    expect(restored.notes).toEqual([]);
    expect(await query(shop.url, facts)).toEqual(before);
  });

  test("creates a database that is not there, with what the dump tells of it", async () => {
    const { shop, database, options, target } = await dumped();
    await query(server.urlOf("postgres"), `DROP DATABASE ${database}`);
    const restored = await restorePostgres(options, target);
    expect(restored.keptAs).toBeNull();
    expect(await query(shop.url, "SELECT count(*)::int AS n FROM accounts")).toEqual([{ n: 40 }]);
    expect(await exchangeDatabases({ ...target, address: shop.address })).toBeNull();
  });

  test("does nothing to the live database when the dump is damaged", async () => {
    const { shop, dump, database, options, target } = await dumped();
    const file = join(dump.folder, "public.accounts.dat");
    const text = readFileSync(file, "utf8");
    writeFileSync(file, text.replace("owner 7\t1000", "owner 7\tmany"));
    await expect(restorePostgres(options, target)).rejects.toMatchObject({
      code: "database.programFailed",
      exitCode: 8,
    });
    expect(await databases(database)).toEqual([database]);
    // A file that lost rows loads without an error, and is found by the count.
    writeFileSync(file, text.replace(/^7\t.*\n/m, ""));
    await expect(restorePostgres(options, target)).rejects.toMatchObject({
      code: "database.restoreDiffers",
      exitCode: 4,
      message: expect.stringContaining("public.accounts has 39 rows instead of 40"),
    });
    expect(await databases(database)).toEqual([database]);
    expect(await query(shop.url, "SELECT count(*)::int AS n FROM accounts")).toEqual([{ n: 40 }]);
  });

  test("that is aborted drops what it filled", async () => {
    const { database, options, target } = await dumped(
      "CREATE TABLE filler AS SELECT i, md5(i::text) FROM generate_series(1, 300000) i",
    );
    const controller = new AbortController();
    const restoring = restorePostgres(
      {
        ...options,
        signal: controller.signal,
        onStart: () => void setTimeout(() => controller.abort(new Error("enough")), 200),
      },
      target,
    );
    await expect(restoring).rejects.toThrow("enough");
    expect(await databases(database)).toEqual([database]);
  });

  test("that is aborted when everything is filled drops it as well", async () => {
    // Without tables nothing is counted, where an abort would be noticed.
    const { database, options, target } = await dumped("DROP SCHEMA public CASCADE");
    const controller = new AbortController();
    const run: typeof programs.run = async (...given) => {
      const result = await programs.run(...given);
      controller.abort(new Error("enough"));
      return result;
    };
    const restoring = restorePostgres(
      { ...options, signal: controller.signal, programs: { ...programs, run } },
      target,
    );
    await expect(restoring).rejects.toThrow("enough");
    expect(await databases(database)).toEqual([database]);
  });

  test("in a drill leaves nothing, and tells what a lost file does", async () => {
    const { dump, database, options, target } = await dumped();
    const filled = await drillPostgres(options, target);
    expect(filled.tables).toContainEqual({ schema: "public", name: "accounts", rows: 40 });
    expect(await databases(database)).toEqual([database]);
    const file = join(dump.folder, "public.accounts.dat");
    writeFileSync(file, "\\.\n\n\n");
    await expect(drillPostgres(options, target)).rejects.toMatchObject({ name: "StudioError" });
    expect(await databases(database)).toEqual([database]);
    expect(readdirSync(dump.folder)).toContain("toc.dat");
  });

  test("is refused to a user who may not create databases, with the statement that mends it", async () => {
    const { database, options, target } = await dumped(
      "CREATE ROLE weak LOGIN PASSWORD 'weak'; GRANT ALL ON ALL TABLES IN SCHEMA public TO weak",
    );
    const address = addressOf(server.urlOf(database, { user: "weak", password: "weak" }));
    await expect(restorePostgres({ ...options, address }, target)).rejects.toMatchObject({
      code: "database.notAllowed",
      exitCode: 8,
      hint: expect.stringContaining('ALTER ROLE "weak" CREATEDB'),
    });
    expect(await databases(database)).toEqual([database]);
  });

  test("by the owner of the database who is no superuser works as well", async () => {
    await query(server.urlOf("postgres"), "CREATE ROLE owner LOGIN PASSWORD 'o' CREATEDB");
    await query(server.urlOf("postgres"), "CREATE DATABASE owned OWNER owner");
    const login = { user: "owner", password: "o" };
    const url = server.urlOf("owned", login);
    await query(url, "CREATE TABLE things (a int PRIMARY KEY); INSERT INTO things VALUES (1), (2)");
    const dump = await dumpShop({ url, address: addressOf(url) });
    await query(url, "DELETE FROM things");
    const options = { address: addressOf(url), programs, from: dump.folder, jobs: 2 };
    const id = createIdentifier(new Date());
    const restored = await restorePostgres(options, { database: "owned", id });
    expect(restored).toMatchObject({ notes: [], tables: [{ rows: 2 }] });
    expect(await query(url, "SELECT count(*)::int AS n FROM things")).toEqual([{ n: 2 }]);

    // A superuser's session is not the owner's to end.
    const superuser = new Client({ connectionString: server.urlOf("owned") });
    superuser.on("error", () => {});
    await superuser.connect();
    const again = { database: "owned", id: createIdentifier(new Date()) };
    await expect(restorePostgres(options, again)).rejects.toMatchObject({
      code: "database.notAllowed",
      exitCode: 8,
    });
    expect((await superuser.query("SELECT FROM things")).rowCount).toBe(2);
    await superuser.end();
    expect(await exchangeState({ ...again, address: options.address })).toBe("filled");
  });

  test("goes on without owners where the server lacks a role, and says so", async () => {
    const { options, target } = await dumped(
      "CREATE ROLE gone; ALTER TABLE empty OWNER TO gone; GRANT SELECT ON accounts TO gone",
    );
    const rename = (from: string, to: string) =>
      query(server.urlOf("postgres"), `ALTER ROLE ${from} RENAME TO ${to}`);
    await rename("gone", "elsewhere");
    const filled = await drillPostgres(options, target);
    expect(filled.notes[0]).toContain("no role gone");
  });

  test("is exchanged even while sessions keep coming", async () => {
    const { shop, database, options, target } = await dumped();
    let stop = false;
    const nagging = Array.from({ length: 4 }, async () => {
      while (!stop) {
        const client = new Client({ connectionString: shop.url });
        client.on("error", () => {});
        await client.connect().catch(() => {});
        await client.query("SELECT pg_sleep(0.05)").catch(() => {});
        await client.end().catch(() => {});
      }
    });
    const restored = await restorePostgres(options, target);
    stop = true;
    await Promise.all(nagging);
    expect(await databases(database)).toEqual([database, restored.keptAs]);
    expect(await listLeftDatabases(shop.address)).toContainEqual({
      name: restored.keptAs,
      purpose: "before",
      id: target.id,
      bytes: expect.any(Number),
    });
    await dropLeftDatabase(shop.address, restored.keptAs ?? "");
    await expect(dropLeftDatabase(shop.address, database)).rejects.toMatchObject({ exitCode: 2 });
    expect(await databases(database)).toEqual([database]);
  });
});
