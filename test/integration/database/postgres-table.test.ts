import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { afterAll, describe, expect, test } from "vitest";
import { restorePostgresTables } from "../../../src/database/postgres/restore-table.ts";
import {
  dropKeptTables,
  undoRestoreTables,
} from "../../../src/database/postgres/undo-restore-table.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { query, startPostgres } from "../../support/postgres.ts";
import {
  createShop,
  dumpShop,
  imbalance,
  programs,
  temporaryFolder,
  transferLoad,
  untilTransfers,
} from "./postgres-shop.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

describe.skipIf(server === null)("a restore of single tables of PostgreSQL", () => {
  if (server === null) return;

  async function dumped(prepare = "SELECT 1") {
    const shop = await createShop(await server!.createDatabase());
    await query(shop.url, prepare);
    const dump = await dumpShop(shop);
    const { address } = shop;
    const id = createIdentifier(new Date());
    const options = {
      address,
      programs,
      from: dump.folder,
      jobs: 1,
      id,
      scratch: join(temporaryFolder(), "scratch"),
    };
    return { ...shop, dump, options };
  }

  const sorted = (url: string, table: string) => query(url, `SELECT * FROM ${table} ORDER BY 1`);

  test("fills the table anew, keeps the rows of before beside it, and can be undone", async () => {
    const { url, options } = await dumped();
    const table = '"Odd ""Name"" (x)"';
    const before = await sorted(url, table);
    await query(
      url,
      `DELETE FROM ${table} WHERE c IS NULL; INSERT INTO ${table} VALUES ('new', '')`,
    );
    const spoilt = await sorted(url, table);
    const restored = await restorePostgresTables({ ...options, tables: ['Odd "Name" (x)'] });
    expect(restored).toMatchObject([{ rows: 3, method: "replaced", notes: [] }]);
    expect(await sorted(url, table)).toEqual(before);
    await undoRestoreTables(options, restored);
    expect(await sorted(url, table)).toEqual(spoilt);
    expect(await query(url, "SELECT FROM pg_tables WHERE tablename ~ '_studio_'")).toEqual([]);
    await undoRestoreTables(options, restored);
    expect(await sorted(url, table)).toEqual(spoilt);
  });

  test("merges rows by key where other tables refer to them, without a cascade", async () => {
    const { url, options } = await dumped(
      "INSERT INTO transfers (source, target, amount) SELECT i, i + 1, 0 FROM generate_series(1, 20) i",
    );
    const before = await sorted(url, "accounts");
    await query(
      url,
      `UPDATE accounts SET amount = 7 WHERE id < 5; DELETE FROM accounts WHERE id > 30;
       INSERT INTO accounts (owner, amount) VALUES ('late', 1)`,
    );
    const restored = await restorePostgresTables({ ...options, tables: ["public.accounts"] });
    expect(restored).toMatchObject([
      { method: "merged", rows: 40, notes: [expect.stringContaining("public.totals")] },
    ]);
    expect(await sorted(url, "accounts")).toEqual(before);
    expect(await query(url, "SELECT count(*)::int AS n FROM transfers")).toEqual([{ n: 20 }]);
    // The sequence was not moved back: the id that "late" had is not given twice.
    const [added] = await query(
      url,
      "INSERT INTO accounts (owner, amount) VALUES ('later', 1) RETURNING id",
    );
    expect(added).toEqual({ id: 42 });
    await dropKeptTables(options, restored);
    expect(await query(url, "SELECT FROM pg_tables WHERE tablename ~ '_studio_'")).toEqual([]);
  });

  test("is refused when other tables refer to rows that would go", async () => {
    const { url, options } = await dumped();
    await query(
      url,
      `INSERT INTO accounts (owner, amount) VALUES ('late', 1);
       INSERT INTO transfers (source, target, amount) VALUES (41, 1, 0)`,
    );
    await expect(restorePostgresTables({ ...options, tables: ["accounts"] })).rejects.toMatchObject(
      {
        code: "database.referenced",
        exitCode: 4,
        details: { referringTable: "public.transfers", rows: 1 },
      },
    );
    expect(await query(url, "SELECT FROM accounts")).toHaveLength(41);
    expect(await query(url, "SELECT FROM transfers")).toHaveLength(1);
  });

  test("of tables that refer to each other takes both to the dumped instant, under load", async () => {
    const shop = await createShop(await server.createDatabase());
    const load = transferLoad(shop.url);
    await untilTransfers(shop.url, 20);
    const dump = await dumpShop(shop);
    const id = createIdentifier(new Date());
    const options = {
      address: shop.address,
      programs,
      from: dump.folder,
      jobs: 1,
      id,
      scratch: join(temporaryFolder(), "scratch"),
    };
    const restored = await restorePostgresTables({ ...options, tables: ["transfers", "accounts"] });
    await load.stop();
    expect(restored.map(({ method }) => method)).toEqual(["replaced", "replaced"]);
    expect(await imbalance(shop.url)).toEqual([]);
    await undoRestoreTables(options, restored);
    expect(await imbalance(shop.url)).toEqual([]);
  });

  test("gives way to a session that uses the tables in another order", async () => {
    const { url, options } = await dumped();
    const session = new Client({ connectionString: url });
    session.on("error", () => {});
    await session.connect();
    await session.query("BEGIN; INSERT INTO empty VALUES (1)");
    const restoring = restorePostgresTables({ ...options, tables: ["parents", "empty"] });
    const waiting = "SELECT FROM pg_locks WHERE NOT granted AND relation = 'empty'::regclass";
    while ((await query(url, waiting)).length === 0) await sleep(10);
    // The restore holds this one already, unless it lets go.
    await session.query("INSERT INTO parents VALUES (9); COMMIT");
    await session.end();
    expect(await restoring).toMatchObject([{ rows: 2 }, { rows: 0 }]);
  });

  test("does not run the operator's triggers, and leaves them as they were", async () => {
    const { url, options } = await dumped(`
      CREATE TABLE audit (what text);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$BEGIN INSERT INTO audit VALUES (tg_op); RETURN new; END$$;
      CREATE TRIGGER on_write AFTER INSERT OR DELETE ON parents FOR EACH ROW EXECUTE FUNCTION note();
      CREATE TRIGGER always AFTER INSERT ON parents FOR EACH ROW EXECUTE FUNCTION note();
      CREATE TRIGGER off AFTER INSERT ON parents FOR EACH ROW EXECUTE FUNCTION note();
      ALTER TABLE parents ENABLE ALWAYS TRIGGER always; ALTER TABLE parents DISABLE TRIGGER off`);
    const states = "SELECT tgname, tgenabled FROM pg_trigger WHERE NOT tgisinternal ORDER BY 1";
    const before = await query(url, states);
    await restorePostgresTables({ ...options, tables: ["parents"] });
    expect(await query(url, "SELECT * FROM audit")).toEqual([]);
    expect(await query(url, states)).toEqual(before);
    // Only its own rows, not those of the tables that inherit from it.
    expect(await query(url, "SELECT a FROM parents ORDER BY a")).toEqual([
      { a: 1 },
      { a: 2 },
      { a: 3 },
    ]);
  });

  test("is refused when the columns have changed, or a constraint does not hold", async () => {
    const { url, options } = await dumped(
      "INSERT INTO transfers (source, target, amount) VALUES (1, 2, 5)",
    );
    await query(url, "DELETE FROM accounts WHERE id = 2");
    const transfers = restorePostgresTables({ ...options, tables: ["transfers"] });
    await expect(transfers).rejects.toMatchObject({ code: "database.rowsRefused", exitCode: 4 });
    expect(await query(url, "SELECT FROM pg_tables WHERE tablename ~ '_studio_'")).toEqual([]);
    await query(url, "ALTER TABLE parents ADD b int");
    const parents = restorePostgresTables({ ...options, tables: ["parents"] });
    await expect(parents).rejects.toMatchObject({
      code: "database.otherColumns",
      message: expect.stringContaining("b is new"),
    });
    await expect(restorePostgresTables({ ...options, tables: ["events"] })).rejects.toMatchObject({
      exitCode: 2,
      hint: expect.stringContaining("public.events_click"),
    });
  });

  test("creates a table that was dropped, with all that hangs on it", async () => {
    const { url, options } = await dumped(
      `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
       CREATE TRIGGER on_write BEFORE INSERT ON accounts FOR EACH ROW EXECUTE FUNCTION note();
       COMMENT ON TABLE accounts IS 'who has what'; CREATE ROLE reader;
       GRANT SELECT ON accounts TO reader; CREATE INDEX by_amount ON accounts (amount)`,
    );
    const facts = `SELECT
      (SELECT jsonb_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE tablename = 'accounts') AS indexes,
      (SELECT jsonb_agg(pg_get_constraintdef(oid) ORDER BY conname) FROM pg_constraint
        WHERE conrelid = 'accounts'::regclass) AS constraints,
      (SELECT count(*) FROM pg_trigger WHERE tgrelid = 'accounts'::regclass AND NOT tgisinternal) AS triggers,
      obj_description('accounts'::regclass) AS comment, has_table_privilege('reader', 'accounts', 'select')`;
    const before = await query(url, facts);
    await query(url, "DROP TABLE accounts CASCADE");
    const restored = await restorePostgresTables({ ...options, tables: ["accounts"] });
    expect(restored).toMatchObject([{ rows: 40, method: "created", keptAs: null }]);
    expect(restored[0]?.notes).toEqual([
      'The foreign key "transfers transfers_source_fkey" (table and name) was not restored.',
      'The foreign key "transfers transfers_target_fkey" (table and name) was not restored.',
    ]);
    expect(await query(url, facts)).toEqual(before);
    const [added] = await query(
      url,
      "INSERT INTO accounts (owner, amount) VALUES ('later', 1) RETURNING id",
    );
    expect(added).toEqual({ id: 41 });
    await undoRestoreTables(options, restored);
    expect(await query(url, "SELECT to_regclass('accounts') AS name")).toEqual([{ name: null }]);
  });
});
