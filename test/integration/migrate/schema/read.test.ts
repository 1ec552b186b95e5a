import type { Knex } from "knex";
import { afterAll, describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { generateMigration } from "../../../../src/migrate/schema/generate.ts";
import { emptySchema, emptyTable } from "../../../../src/migrate/schema/model.ts";
import { readSchema } from "../../../../src/migrate/schema/read.ts";
import { reservedWords } from "../../../../src/migrate/schema/reserved.ts";
import { formatSchema, parseSchema } from "../../../../src/migrate/schema/text.ts";
import { stride } from "../../../support/every.ts";
import { startDatabases } from "./databases.ts";
import { richSchemas } from "./rich-schemas.ts";
import { apply } from "./round-trip.ts";

const databases = await startDatabases();
afterAll(() => databases.stop());

const statements = [
  "CREATE TABLE b (id integer PRIMARY KEY, c integer, d integer)",
  "CREATE TABLE a (id integer PRIMARY KEY, b_id integer)",
  "CREATE INDEX b_d ON b (d)",
  "CREATE INDEX b_c ON b (c)",
  "CREATE VIEW w AS SELECT 2 AS two",
  "CREATE VIEW v AS SELECT 1 AS one",
];

async function createIn(session: Knex, list: readonly string[]): Promise<void> {
  for (const sql of list) await session.raw(sql);
}

/** How many statements a reading takes. */
async function countReading(session: Knex, dialect: Dialect): Promise<number> {
  let count = 0;
  const note = () => count++;
  session.on("query", note);
  await readSchema(session, dialect);
  session.removeListener("query", note);
  return count;
}

describe.each(databases.dialects)("on %s, a schema is read", (dialect) => {
  test("as the same value, whatever order things were created in", async () => {
    const [tables, rest] = [statements.slice(0, 2), statements.slice(2)];
    await databases.with(dialect, async (one) => {
      await createIn(one, statements);
      await one("b").insert({ id: 5, c: 1 });
      await databases.with(dialect, async (other) => {
        await createIn(other, [...tables.toReversed(), ...rest.toReversed()]);
        const first = await readSchema(one, dialect);
        expect(await readSchema(other, dialect)).toEqual(first);
        expect(first.tables.map(({ name }) => name)).toEqual(["a", "b"]);
      });
    });
  });

  test("without what is studio's own", async () => {
    await databases.with(dialect, async (session) => {
      await createIn(session, [
        "CREATE TABLE studio_journal (id integer PRIMARY KEY, n integer)",
        "CREATE INDEX by_n ON studio_journal (n)",
        "CREATE VIEW studio_view AS SELECT 1 AS one",
      ]);
      expect(await readSchema(session, dialect)).toEqual(emptySchema(dialect));
    });
  });

  test("with as many statements for many tables as for few", async () => {
    await databases.with(dialect, async (session) => {
      await createIn(session, statements);
      const few = await countReading(session, dialect);
      for (let number = 0; number < 30; number++) {
        await session.raw(`CREATE TABLE t${number} (id integer PRIMARY KEY, a integer UNIQUE)`);
      }
      expect(await countReading(session, dialect)).toBe(few);
    });
  });

  test("within a transaction as well", async () => {
    await databases.with(dialect, async (session) => {
      await session.transaction(async (transaction) => {
        await createIn(transaction, statements);
        const inside = await readSchema(transaction, dialect);
        expect(inside.tables.map(({ name }) => name)).toEqual(["a", "b"]);
      });
    });
  });

  test("and written, and read back from the file as it is in the database", async () => {
    await databases.with(dialect, async (session) => {
      const declared = parseSchema(richSchemas[dialect].before, "schema.yaml");
      await apply(session, generateMigration({ live: emptySchema(dialect), declared }), "up");
      const live = await readSchema(session, dialect);
      const dump = formatSchema(live);
      expect(compareSchemas(live, parseSchema(dump, "dump.yaml"))).toEqual([]);
      expect(formatSchema(parseSchema(dump, "dump.yaml"))).toBe(dump);
    });
  });

  test("when reserved words are the names of tables, columns and indexes", async () => {
    await databases.with(dialect, async (session) => {
      const declared = emptySchema(dialect);
      const words = [...reservedWords, "Upper", "with space", "it's", "dash-ed", "ünïcode"].sort();
      const type = dialect === "mysql" ? "int" : "integer";
      const columns = words.map((name) => ({ name, type, nullable: true }));
      const every = stride(dialect === "mysql" ? 12 : 1);
      declared.tables = words
        .filter((_word, index) => index % every === 0)
        .map((name) => ({
          ...emptyTable(name),
          columns: [{ name, type, nullable: true }],
          indexes: [{ name: `${name} idx`, terms: [{ column: name }] }],
        }));
      declared.tables.push({ ...emptyTable("zz"), columns });
      await apply(session, generateMigration({ live: emptySchema(dialect), declared }), "up");
      expect(compareSchemas(declared, await readSchema(session, dialect))).toEqual([]);
    });
  });
});

test.runIf(databases.dialects.includes("postgres"))(
  "on PostgreSQL, the names of the first schema of the search path stand alone",
  async () => {
    await databases.with("postgres", async (session) => {
      await createIn(session, [
        "CREATE SCHEMA app",
        "SET search_path TO app, public",
        "CREATE TYPE public.mood AS ENUM ('ok')",
        "CREATE TABLE users (id integer PRIMARY KEY, mood mood)",
        "CREATE TABLE public.users (id integer REFERENCES app.users)",
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'select 1'",
      ]);
      const live = await readSchema(session, "postgres");
      expect(live.schemas).toEqual(["public"]);
      expect(live.tables.map(({ name }) => name)).toEqual(["public.users", "users"]);
      expect(live.tables[1]?.columns[1]?.type).toBe("public.mood");
      expect(live.tables[0]?.foreignKeys[0]?.table).toBe("users");
      expect(live.routines[0]?.definition).toContain("FUNCTION one()");
      const after = await session.raw<{ rows: unknown[] }>("SHOW search_path");
      expect(after.rows).toEqual([{ search_path: "app, public" }]);
    });
  },
);
