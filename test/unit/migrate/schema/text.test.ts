import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import {
  type Column,
  type Schema,
  type Table,
  emptySchema,
  emptyTable,
} from "../../../../src/migrate/schema/model.ts";
import { joinName } from "../../../../src/migrate/schema/names.ts";
import { sortSchema } from "../../../../src/migrate/schema/order.ts";
import { formatSchema, parseSchema } from "../../../../src/migrate/schema/text.ts";

const file = (text: string, dialect = "postgres") =>
  `studio: schema/v1\ndialect: ${dialect}\n${text}`;

/** What is wrong with a file, without its name. */
function problemsOf(text: string): string[] {
  try {
    parseSchema(text, "schema.yaml");
  } catch (error) {
    if (!(error instanceof StudioError)) throw error;
    expect(error.exitCode).toBe(2);
    const lines = error.message.split("\n").slice(1);
    return lines.map((line) => line.replace("  schema.yaml:", ""));
  }
  return [];
}

const text = fc.oneof(
  fc
    .string({ minLength: 1, unit: "binary" })
    .filter((one) => !/[\p{Cc}\p{Cs}\p{Cn}\uFEFF\u2028\u2029]/u.test(one)),
  fc.constantFrom(
    "null",
    "true",
    "~",
    "1",
    "a: b",
    "- x",
    "it's",
    'a "b"',
    "two\nlines",
    "#x",
    " x ",
  ),
);
const name = text.filter((one) => !one.includes("\0") && !/^studio_/i.test(one));

const column: fc.Arbitrary<Column> = fc
  .record({
    type: fc.constantFrom("text", "character varying(20)", "timestamp(3) with time zone", "mood[]"),
    nullable: fc.boolean(),
    default: fc.option(
      fc.constantFrom(
        "'not null'",
        "now()",
        "x is not null",
        "(1 + 2) * 3",
        "'a'::text",
        "null::int",
      ),
      { nil: undefined },
    ),
    comment: fc.option(text, { nil: undefined }),
  })
  .map((parts) => ({ name: "c", ...withoutAbsent(parts) }));

function withoutAbsent<T extends object>(thing: T): T {
  const kept = Object.entries(thing).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as T;
}

const table: fc.Arbitrary<Table> = fc
  .record({
    name,
    columns: fc.uniqueArray(fc.tuple(name, column), {
      minLength: 1,
      maxLength: 4,
      selector: ([one]) => one,
    }),
    comment: fc.option(text, { nil: undefined }),
    index: fc.option(name),
    check: fc.option(name),
  })
  .map(({ name: raw, columns, comment, index, check }) => {
    const made = { ...emptyTable(joinName(raw)), ...withoutAbsent({ comment }) };
    made.columns = columns.map(([one, rest]) => ({ ...rest, name: one }));
    const [first] = made.columns;
    if (index !== null && first !== undefined) {
      made.indexes = [{ name: index, terms: [{ column: first.name, descending: true }] }];
    }
    if (check !== null) made.checks = [{ name: check, expression: "a <> '#: x'" }];
    return made;
  });

const schema: fc.Arbitrary<Schema> = fc
  .record({
    tables: fc.uniqueArray(table, { maxLength: 3, selector: (one) => one.name }),
    labels: fc.uniqueArray(text, { minLength: 1, maxLength: 4 }),
    definition: text,
  })
  .map(({ tables, labels, definition }) => {
    const made = emptySchema("postgres");
    made.tables = structuredClone(tables);
    made.types = [{ kind: "enum", name: "mood", labels }];
    made.views = [
      {
        name: "v",
        kind: "view",
        definition: `select ${definition}`.trimEnd().replace(/[\s;]+$/, ""),
        columns: [],
        options: {},
        indexes: [],
      },
    ];
    return sortSchema(made);
  });

describe("a schema file", () => {
  test("is read back as the schema it was written from, whatever the names hold", () => {
    fc.assert(
      fc.property(schema, (one) => {
        const written = formatSchema(one);
        const read = parseSchema(written, "schema.yaml");
        expect(read).toEqual(one);
        expect(formatSchema(read)).toBe(written);
      }),
      { numRuns: 150 },
    );
  });

  test("is short, and has the order of its parts", () => {
    const written = file(`
tables:
  users:
    columns:
      id: bigint not null identity
      email: character varying(320) not null
      name: {type: text, comment: Shown to others}
    primary key: id
    unique:
      users_email_key: email
    indexes:
      users_name_idx: [lower(name) desc, id]
    foreign keys:
      users_team_fkey: id -> teams(id) on delete cascade

  teams:
    columns:
      id: bigint not null
    primary key: id
`);
    const sorted = formatSchema(parseSchema(written, "schema.yaml"));
    expect(sorted.indexOf("teams:")).toBeLessThan(sorted.indexOf("users:"));
    for (const line of written.split("\n").slice(4)) expect(sorted).toContain(line);
  });

  test("takes the common names of types, and constraints as SQL has them", () => {
    const written = file(`
tables:
  teams: {columns: {id: int primary key}}
  users:
    columns:
      id: serial
      email: varchar(20) unique
      ok: bool default true
      at: timestamptz not null default now()
      tags: int[]
      price: decimal(8, 2) not null
      team: int references teams on delete set null
      total: numeric generated always as (price * 2) stored
    primary key: id
`);
    const [, users] = parseSchema(written, "schema.yaml").tables;
    expect(users?.columns.map(({ type }) => type)).toEqual([
      "integer",
      "character varying(20)",
      "boolean",
      "timestamp with time zone",
      "integer[]",
      "numeric(8,2)",
      "integer",
      "numeric",
    ]);
    expect(users?.columns[0]).toMatchObject({ nullable: false, identity: { kind: "serial" } });
    expect(users?.uniques).toEqual([{ name: "users_email_key", terms: [{ column: "email" }] }]);
    expect(users?.foreignKeys).toEqual([
      {
        name: "users_team_fkey",
        columns: ["team"],
        table: "teams",
        referenced: ["id"],
        onDelete: "set null",
      },
    ]);
  });

  test("is refused with everything that is wrong, each with its line", () => {
    const written = file(`tables:
  users:
    columns:
      id: bigint identity
      id: text
      name: text nott null
      age: int defualt 3
    primary key: [id, nix]
    indexes:
      users_x: nix desc
    foreign keys:
      - id -> teams(id)
      - id, name -> users(id)
      - id users(id)
    colums: {}
  empty: {}
triggers:
  touch: CREATE TRIGGER
`);
    expect(problemsOf(written)).toEqual([
      '7: "id" is given twice',
      '8: "text nott" is not a type',
      '9: "int defualt 3" is not a type',
      '10: "users" has no column "nix"',
      '12: "users" has no column "nix"',
      '14: the table "teams" is not in this file',
      '15: "users" has no column "name"',
      "15: the foreign key has 2 and 1 columns on its two sides",
      '16: "-" is expected where "users" is',
      expect.stringMatching(/^17: "colums" is not known here; there are columns, primary key/),
      '18: the table "empty" has no columns',
      '20: "touch" must name the table, then a dot, then the trigger',
      '20: the trigger is on "", which is not in this file',
    ]);
  });

  test("is refused for what its dialect does not have", () => {
    const written = file(
      "types: {mood: {enum: [a]}}\ntables: {t: {columns: {a: int}, comment: x}}",
      "sqlite",
    );
    expect(problemsOf(written)).toEqual([
      "1: types cannot be had with sqlite",
      "4: comments cannot be had with sqlite",
    ]);
  });

  test.each([
    ["", "1: the file is empty"],
    ["a: 1", '1: "a" is not known here; there are studio, dialect'],
    ["studio: schema/v2\ndialect: postgres", '1: "studio: schema/v1" is expected'],
    ["studio: schema/v1\ndialect: oracle", "2: dialect is one of postgres, sqlite, mysql"],
    [file("tables: {a"), "3: YAML syntax: "],
  ])("is refused when it begins as %j", (written, problem) => {
    expect(problemsOf(written)[0]).toContain(problem);
  });
});
