import type { Knex } from "knex";
import { afterAll, describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { generateMigration } from "../../../../src/migrate/schema/generate.ts";
import { type Schema, emptySchema } from "../../../../src/migrate/schema/model.ts";
import { readSchema } from "../../../../src/migrate/schema/read.ts";
import { parseSchema } from "../../../../src/migrate/schema/text.ts";
import { startDatabases } from "./databases.ts";
import { apply, isActive } from "./round-trip.ts";

const databases = await startDatabases();
afterAll(() => databases.stop());

const key: Record<Dialect, string> = {
  sqlite: "integer autoincrement",
  postgres: "bigint identity",
  mysql: "bigint auto_increment",
};

function declared(dialect: Dialect, tables: string): Schema {
  const text = `studio: schema/v1\ndialect: ${dialect}\ntables:\n${tables}`;
  const reference = dialect === "sqlite" ? "integer" : "bigint";
  return parseSchema(
    text.replaceAll("KEY", key[dialect]).replaceAll("REF", reference),
    "schema.yaml",
  );
}

async function create(session: Knex, schema: Schema): Promise<Schema> {
  await apply(
    session,
    generateMigration({ live: emptySchema(schema.dialect), declared: schema }),
    "up",
  );
  return readSchema(session, schema.dialect);
}

const users = `
  users:
    columns: {id: KEY, mail: varchar(40) not null, age: int}
    primary key: id
    indexes: {users_age_idx: age}
  orders:
    columns: {id: KEY, user_id: REF}
    primary key: id
    foreign keys: {orders_user: user_id -> users(id) on delete cascade}
`;

describe.each(databases.dialects)("on %s, a migration of tables with rows", (dialect) => {
  const schemaOf = (tables: string) => declared(dialect, tables);

  test("keeps the rows, the references to them, and the number that comes next", async () => {
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(users));
      await session("users").insert([{ mail: "a" }, { mail: "b" }, { mail: "c" }]);
      await session("orders").insert({ user_id: 1 });
      await session("users").where({ mail: "c" }).delete();
      const other = schemaOf(
        users
          .replace("age: int", "age: int not null default 7, nick: varchar(9) not null default 'x'")
          .replace("indexes: {", "checks: {users_adult: age > 1}\n    indexes: {"),
      );
      await session("users").update({ age: 5 });
      const migration = generateMigration({ live, declared: other });
      expect(migration.files.flatMap(({ up }) => up).every(isActive)).toBe(true);
      await apply(session, migration, "up");
      expect(compareSchemas(other, await readSchema(session, dialect))).toEqual([]);
      await session("users").insert({ mail: "d", age: 9 });
      const rows = await session("users").select("id", "mail", "age", "nick").orderBy("id");
      expect(rows.map((row: object) => Object.values(row).map(String))).toEqual([
        ["1", "a", "5", "x"],
        ["2", "b", "5", "x"],
        ["4", "d", "9", "x"],
      ]);
      expect(await session("orders").select("user_id")).toHaveLength(1);
      await apply(session, migration, "down");
      expect(await session("users").select("mail").orderBy("id")).toHaveLength(3);
      expect(await session("orders").select("user_id")).toHaveLength(1);
    });
  });

  test("drops nothing without a person, and says what may be a rename", async () => {
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(users));
      await session("users").insert({ mail: "a", age: 3 });
      const other = schemaOf(
        users.replaceAll("mail: varchar(40)", "address: varchar(40)").replaceAll("not null,", ","),
      );
      const migration = generateMigration({ live, declared: other });
      expect(migration.possibleRenames).toEqual([
        { what: "column", from: "users.mail", to: "users.address" },
      ]);
      await apply(session, migration, "up", "active");
      expect(await session("users").select("mail", "address")).toEqual([
        { mail: "a", address: null },
      ]);
      const held = migration.files.flatMap(({ up }) => up).filter((one) => !isActive(one));
      expect(held.map(({ destructive }) => destructive)).toContain(true);
      expect(held[0]?.comment).toContain("drops the column users.mail");
    });
  });

  test("renames what a person decided, and back", async () => {
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(users));
      await session("users").insert({ mail: "a", age: 3 });
      await session("orders").insert({ user_id: 1 });
      const other = schemaOf(
        users
          .replaceAll("users_age_idx", "people_age_idx")
          .replaceAll("mail:", "address:")
          .replace("users:", "people:")
          .replace("-> users", "-> people"),
      );
      const renames = ["users:people", "users.mail:people.address"];
      const migration = generateMigration({ live, declared: other, renames });
      expect(migration.possibleRenames).toEqual([]);
      expect(migration.files.flatMap(({ up }) => up).every(isActive)).toBe(true);
      await apply(session, migration, "up");
      expect(compareSchemas(other, await readSchema(session, dialect))).toEqual([]);
      expect(await session("people").select("address", "age")).toEqual([{ address: "a", age: 3 }]);
      await apply(session, migration, "down");
      expect(compareSchemas(live, await readSchema(session, dialect))).toEqual([]);
      expect(await session("users").select("mail", "age")).toEqual([{ mail: "a", age: 3 }]);
      expect(await session("orders").select("user_id")).toHaveLength(1);
    });
  });

  test("renames a column that checks, generated columns and views use", async () => {
    const table = `
  users:
    columns: {id: KEY, age: int, twice: int generated always as (age * 2) stored}
    primary key: id
    checks: {users_adult: age > 1}
views: {adults: select id from users}
`;
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(table));
      await session("users").insert({ age: 3 });
      const other = schemaOf(table.replaceAll("age", "years"));
      const migration = generateMigration({
        live,
        declared: other,
        renames: ["users.age:users.years"],
      });
      await apply(session, migration, "up", "active");
      expect(compareSchemas(other, await readSchema(session, dialect))).toEqual([]);
      expect(await session("users").select("years", "twice")).toEqual([{ years: 3, twice: 6 }]);
      await apply(session, migration, "down", "active");
      expect(compareSchemas(live, await readSchema(session, dialect))).toEqual([]);
    });
  });

  test("adds a column that is NOT NULL and has no default in two steps", async () => {
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(users));
      await session("users").insert({ mail: "a" });
      const other = schemaOf(users.replace("age: int", "age: int, nick: varchar(20) not null"));
      const migration = generateMigration({ live, declared: other });
      const notes = migration.files.flatMap((file) => file.notes).join("\n");
      expect(notes).toContain("users.nick is NOT NULL and has no default");
      await apply(session, migration, "up", "active");
      const held = migration.files.flatMap(({ up }) => up).filter((one) => !isActive(one));
      expect(held.every(({ suggested, destructive }) => suggested && !destructive)).toBe(true);
      expect(held[0]?.comment).toContain("UPDATE users SET nick = … WHERE nick IS NULL");
      await session("users").update({ nick: "a" });
      for (const { sql } of held) await session.raw(sql);
      expect(compareSchemas(other, await readSchema(session, dialect))).toEqual([]);
      expect(await session("users").select("mail", "nick")).toEqual([{ mail: "a", nick: "a" }]);
    });
  });

  test("holds back a type that has no room for all values", async () => {
    await databases.with(dialect, async (session) => {
      const live = await create(session, schemaOf(users));
      const narrow = dialect === "sqlite" ? "mail: integer" : "mail: varchar(10)";
      const other = schemaOf(users.replace("mail: varchar(40)", narrow));
      const migration = generateMigration({ live, declared: other });
      const up = migration.files.flatMap((file) => file.up);
      expect(up.length).toBeGreaterThan(0);
      expect(up.every(({ destructive }) => destructive)).toBe(true);
    });
  });
});

test.runIf(databases.dialects.includes("postgres"))(
  "on PostgreSQL, a label is added before a table is renamed, and taken back after",
  async () => {
    const before = `
types: {mood: {enum: [sad, ok]}}
tables:
  users: {columns: {id: bigserial, mood: mood default 'ok'}, primary key: id}
`;
    const schemaOf = (text: string) =>
      parseSchema(`studio: schema/v1\ndialect: postgres\n${text}`, "schema.yaml");
    await databases.with("postgres", async (session) => {
      const live = await create(session, schemaOf(before));
      await session("users").insert({ mood: "sad" });
      const text = before
        .replace("users:", "people:")
        .replace("ok]", "ok, glad]")
        .replace("'ok'", "'glad'");
      const declared = schemaOf(text);
      const migration = generateMigration({ live, declared, renames: ["users:people"] });
      await apply(session, migration, "up", "active");
      expect(compareSchemas(declared, await readSchema(session, "postgres"))).toEqual([]);
      await session("people").insert({});
      await session("people").where({ mood: "glad" }).delete();
      await apply(session, migration, "down", "active");
      expect(compareSchemas(live, await readSchema(session, "postgres"))).toEqual([]);
      expect(await session("users").select("mood")).toEqual([{ mood: "sad" }]);
    });
  },
);
