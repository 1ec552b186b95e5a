import { describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import { generateMigration } from "../../../../src/migrate/schema/generate.ts";
import { parseSchema } from "../../../../src/migrate/schema/text.ts";

const schema = (text: string, dialect = "postgres") =>
  parseSchema(`studio: schema/v1\ndialect: ${dialect}\n${text}`, "schema.yaml");

const users = `
tables:
  teams: {columns: {id: bigint, name: text}, primary key: id}
  users:
    columns: {id: bigint, team_id: bigint, email: text}
    primary key: id
`;

function filesOf(before: string, after: string) {
  const { files } = generateMigration({ live: schema(before), declared: schema(after) });
  return files.map(({ words, transactional, up, down }) => ({
    words,
    transactional,
    up: up.map(({ sql }) => sql),
    down: down.map(({ sql }) => sql),
  }));
}

describe("on PostgreSQL, a table with rows", () => {
  test("gets an index in a file of its own, without a transaction and without blocking", () => {
    const after = users.replace(
      "primary key: id\n",
      "primary key: id\n    indexes: {by_email: email}\n",
    );
    expect(filesOf(users, after)).toEqual([
      {
        words: "add-index-by-email",
        transactional: false,
        up: ["CREATE INDEX CONCURRENTLY by_email ON users (email)"],
        down: ["DROP INDEX CONCURRENTLY by_email"],
      },
    ]);
  });

  test("gets a foreign key and a check that are validated later", () => {
    const after = `${users}    checks: {mail: email <> ''}
    foreign keys: {team: team_id -> teams(id)}
`;
    expect(filesOf(users, after)).toEqual([
      {
        words: "change-users",
        transactional: true,
        up: [
          "ALTER TABLE users ADD CONSTRAINT mail CHECK (email <> '') NOT VALID",
          "ALTER TABLE users ADD CONSTRAINT team FOREIGN KEY (team_id) REFERENCES teams (id) NOT VALID",
        ],
        down: ["ALTER TABLE users DROP CONSTRAINT team", "ALTER TABLE users DROP CONSTRAINT mail"],
      },
      {
        words: "validate-users",
        transactional: true,
        up: [
          "ALTER TABLE users VALIDATE CONSTRAINT mail",
          "ALTER TABLE users VALIDATE CONSTRAINT team",
        ],
        down: [],
      },
    ]);
  });

  test("gets NOT NULL by way of a check, which proves it", () => {
    const files = filesOf(users, users.replace("email: text", "email: text not null"));
    expect(files.map(({ up }) => up)).toEqual([
      ["ALTER TABLE users ADD CONSTRAINT users_email_not_null CHECK (email IS NOT NULL) NOT VALID"],
      [
        "ALTER TABLE users VALIDATE CONSTRAINT users_email_not_null",
        "ALTER TABLE users ALTER COLUMN email SET NOT NULL",
        "ALTER TABLE users DROP CONSTRAINT users_email_not_null",
      ],
    ]);
  });

  test("gets a unique constraint from an index that was made without blocking", () => {
    const after = `${users}    unique: {users_email_key: email}\n`;
    expect(filesOf(users, after)).toEqual([
      {
        words: "add-index-users-email-key",
        transactional: false,
        up: ["CREATE UNIQUE INDEX CONCURRENTLY users_email_key ON users (email)"],
        down: ["DROP INDEX CONCURRENTLY IF EXISTS users_email_key"],
      },
      {
        words: "add-keys-users",
        transactional: true,
        up: ["ALTER TABLE users ADD CONSTRAINT users_email_key UNIQUE USING INDEX users_email_key"],
        down: ["ALTER TABLE users DROP CONSTRAINT users_email_key"],
      },
    ]);
  });

  test("is told to be rewritten where a type makes it so", () => {
    const after = users.replace("id: bigint, team_id: bigint", "id: bigint, team_id: numeric");
    const { files } = generateMigration({ live: schema(users), declared: schema(after) });
    expect(files[0]?.notes).toEqual([
      "users is rewritten on account of team_id: readers and writers wait meanwhile.",
    ]);
  });
});

test("tables that refer to each other are made before their foreign keys", () => {
  const cycle = `
tables:
  a: {columns: {id: bigint, b_id: bigint}, primary key: id, foreign keys: [b_id -> b(id)]}
  b: {columns: {id: bigint, a_id: bigint}, primary key: id, foreign keys: [a_id -> a(id)]}
`;
  const [file] = filesOf("tables: {}", cycle);
  expect(file?.up.map((sql) => sql.slice(0, 14))).toEqual([
    "CREATE TABLE a",
    "CREATE TABLE b",
    "ALTER TABLE a ",
    "ALTER TABLE b ",
  ]);
});

test("what cannot be generated is said", () => {
  const before = `
types: {d: {domain: text}, e: {enum: [a]}}
unmodelled: [rule r of t]
tables: {t: {columns: {a: int, b: date}, partition by: range (b)}}
`;
  const after = `
types: {d: {domain: int}, e: {domain: text}}
tables: {t: {columns: {a: int, b: date}, partition by: list (a)}}
`;
  const { files, notes } = generateMigration({ live: schema(before), declared: schema(after) });
  expect(files).toEqual([]);
  expect(notes).toEqual([
    "The type beneath the domain d cannot be changed; make a new domain.",
    "The type e is enum and declared as domain; change it by hand.",
    "How the table t is partitioned cannot be changed; make a new table.",
    "rule r of t is in the database and not declared; it is left as it is.",
  ]);
});

test("a primary key that stays for now keeps its columns NOT NULL", () => {
  const before = "tables: {t: {columns: {a: int, b: int}, primary key: [a, b]}}";
  const after = "tables: {t: {columns: {a: int, b: int, c: int}, primary key: [a, c]}}";
  const { files } = generateMigration({ live: schema(before), declared: schema(after) });
  const up = files.flatMap((file) => file.up);
  expect(up.filter(({ suggested }) => !suggested).map(({ sql }) => sql)).toEqual([
    "ALTER TABLE t ADD COLUMN c integer",
  ]);
  expect(up.filter(({ suggested }) => suggested).map(({ sql }) => sql)).toContain(
    "ALTER TABLE t ALTER COLUMN b DROP NOT NULL",
  );
});

test("on MySQL, a check is taken away before its column is renamed, and comes back", () => {
  const live = schema("tables: {t: {columns: {a: int, b: int}, checks: {c: a > 0}}}", "mysql");
  const declared = schema("tables: {t: {columns: {z: int, b: int}, checks: {c: z > 0}}}", "mysql");
  const { files } = generateMigration({ live, declared, renames: ["t.a:t.z"] });
  expect(files.map(({ up }) => up.map(({ sql }) => sql))).toEqual([
    [
      "ALTER TABLE t DROP CONSTRAINT c",
      "ALTER TABLE t RENAME COLUMN a TO z",
      "ALTER TABLE t ADD CONSTRAINT c CHECK (z > 0)",
    ],
  ]);
});

describe("possible renames", () => {
  test("are no tables with little alike", () => {
    const after = users.replace(
      "teams: {columns: {id: bigint, name: text}",
      "crews: {columns: {id: bigint, size: int, place: text}",
    );
    const migration = generateMigration({ live: schema(users), declared: schema(after) });
    expect(migration.possibleRenames).toEqual([]);
  });

  test("are tables with most columns alike, and columns of a type that holds the same", () => {
    const after = users
      .replace(
        "teams: {columns: {id: bigint, name: text}",
        "crews: {columns: {id: bigint, name: text}",
      )
      .replace("email: text", "mail: varchar, age: int");
    const migration = generateMigration({ live: schema(users), declared: schema(after) });
    expect(migration.possibleRenames).toEqual([
      { what: "table", from: "teams", to: "crews" },
      { what: "column", from: "users.email", to: "users.mail" },
    ]);
  });

  test.each([
    ["users", "it has not the form FROM:TO"],
    ["users.nix:users.email", 'the database has no table and no column "users.nix"'],
    ["users.email:users.nix", 'the schema file has no column "nix" in the table "users"'],
    ["users:nix", 'the schema file has no table "nix"'],
    ["users:teams", 'the database has a table "teams" already'],
    ["users.email:users.id", 'the table "users" has a column "id" already'],
  ])("a decision that cannot be carried out is refused: %s", (rename, reason) => {
    const generate = () =>
      generateMigration({ live: schema(users), declared: schema(users), renames: [rename] });
    expect(generate).toThrow(StudioError);
    expect(generate).toThrow(reason);
  });
});

test("a schema file of another dialect is refused", () => {
  const live = schema("tables: {}", "sqlite");
  expect(() => generateMigration({ live, declared: schema("tables: {}") })).toThrow(
    "The schema file is written for postgres, and the database is sqlite.",
  );
});
