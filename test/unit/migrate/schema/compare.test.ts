import { describe, expect, test } from "vitest";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { parseSchema } from "../../../../src/migrate/schema/text.ts";

const schema = (tables: string, more = "") =>
  parseSchema(`studio: schema/v1\ndialect: postgres\ntables:\n${tables}\n${more}`, "schema.yaml");

const users = `
  users:
    columns: {id: bigint, email: text not null, age: int default 3}
    primary key: id
    checks: {adult: age > 17}
`;

describe("schemas are compared", () => {
  test("and are equal to themselves, also when they are written in another way", () => {
    const other = users
      .replace("age > 17", "(age > 17::integer)")
      .replace("int default 3", "integer default '3'::integer");
    expect(compareSchemas(schema(users), schema(users))).toEqual([]);
    expect(compareSchemas(schema(users), schema(other))).toEqual([]);
  });

  test("part by part, with what was and what is", () => {
    const other = `
  users:
    columns: {id: bigint, email: varchar(20), nick: text}
    primary key: id
    checks: {adult: age > 20}
    indexes: {users_nick_idx: lower(nick) desc}
`.replace("age > 20", "nick <> ''");
    expect(compareSchemas(schema(users), schema(other))).toEqual([
      {
        kind: "removed",
        what: "column",
        path: "users.age",
        before: "integer default 3",
        after: null,
      },
      {
        kind: "changed",
        what: "column",
        path: "users.email",
        before: "text not null",
        after: "character varying(20)",
      },
      { kind: "added", what: "column", path: "users.nick", before: null, after: "text" },
      {
        kind: "added",
        what: "index",
        path: "users.users_nick_idx",
        before: null,
        after: "(lower(nick) desc)",
      },
      {
        kind: "changed",
        what: "check",
        path: "users.adult",
        before: "age > 17",
        after: "nick <> ''",
      },
    ]);
  });

  test("and a table that only one has is one difference", () => {
    const more = `${users}  teams: {columns: {id: int, name: text}, primary key: id}`;
    const added = {
      kind: "added",
      what: "table",
      path: "teams",
      before: null,
      after: "(id, name), primary key (id)",
    };
    expect(compareSchemas(schema(users), schema(more))).toEqual([added]);
    expect(compareSchemas(schema(more), schema(users))).toMatchObject([
      { kind: "removed", what: "table", path: "teams", after: null },
    ]);
  });

  test("without regard to the order of columns, unless it is asked for", () => {
    const other = users.replace(
      "id: bigint, email: text not null",
      "email: text not null, id: bigint",
    );
    expect(compareSchemas(schema(users), schema(other))).toEqual([]);
    expect(compareSchemas(schema(users), schema(other), { columnOrder: true })).toEqual([
      {
        kind: "changed",
        what: "column order",
        path: "users",
        before: "id, email, age",
        after: "email, id, age",
      },
    ]);
  });

  test("and of a long text the first line that differs is told", () => {
    const body = (middle: string) =>
      `routines: {f(): "CREATE FUNCTION f() RETURNS int AS $$\\nselect ${middle}\\n$$ LANGUAGE sql"}`;
    expect(compareSchemas(schema(users, body("1")), schema(users, body("2")))).toEqual([
      {
        kind: "changed",
        what: "routine",
        path: "f()",
        before: "line 2: select 1",
        after: "line 2: select 2",
      },
    ]);
  });

  test("and what this form has no words for is compared by its name", () => {
    const other = schema(users, "unmodelled: [rule r of users]");
    expect(compareSchemas(schema(users), other)).toMatchObject([
      { kind: "added", what: "unmodelled", path: "rule r of users" },
    ]);
  });
});
