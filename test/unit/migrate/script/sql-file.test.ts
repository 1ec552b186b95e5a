import { describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import { type SqlMigration, readSqlMigration } from "../../../../src/migrate/script/sql-file.ts";
import { thrownBy } from "./scripts.ts";

const file = "/migrations/20260101T000000Z-first.sql";
const upFile = file.replace(".sql", ".up.sql");
const downFile = file.replace(".sql", ".down.sql");

const read = (text: string): SqlMigration => readSqlMigration([{ file, text }], "postgres");

/** The faults as `line: reason`. */
function faults(work: () => unknown): string[] {
  const error = thrownBy(work);
  expect(error).toBeInstanceOf(StudioError);
  expect(error).toMatchObject({ code: "migration.invalid", exitCode: 2 });
  const { faults: found } = (error as StudioError).details as {
    faults: { file: string; line: number | null; reason: string }[];
  };
  return found.map(({ line, reason }) => `${line}: ${reason}`);
}

describe("a file of SQL", () => {
  test("without section lines is all up", () => {
    expect(read("CREATE TABLE a (b int);\nSELECT 1")).toEqual({
      compatible: null,
      transactional: true,
      allow: [],
      statements: {
        up: [
          { sql: "CREATE TABLE a (b int)", line: 1 },
          { sql: "SELECT 1", line: 2 },
        ],
        down: null,
      },
    });
  });

  test("has sections, in which the last statement needs no semicolon", () => {
    const text = `-- Users.

-- studio: compatible true
--  Studio:UP
CREATE TABLE a (b text DEFAULT '
-- studio: down
');
INSERT INTO a VALUES (1)
-- studio: down
DROP TABLE a -- gone
`;
    expect(read(text)).toEqual({
      compatible: true,
      transactional: true,
      allow: [],
      statements: {
        up: [
          { sql: "CREATE TABLE a (b text DEFAULT '\n-- studio: down\n')", line: 5 },
          { sql: "INSERT INTO a VALUES (1)", line: 8 },
        ],
        down: [{ sql: "DROP TABLE a", line: 10 }],
      },
    });
  });

  test("may have its section for down first; an empty one counts as none", () => {
    const { statements } = read("-- studio: down\nSELECT 2;\n-- studio: up\nSELECT 1;");
    expect(statements).toEqual({
      up: [{ sql: "SELECT 1", line: 4 }],
      down: [{ sql: "SELECT 2", line: 2 }],
    });
    expect(read("SELECT 1").statements.down).toBeNull();
    expect(read("-- studio: up\nSELECT 1;\n-- studio: down\n-- none\n").statements.down).toBeNull();
  });

  test("runs outside of a transaction where it says so", () => {
    const text = "-- studio: no-transaction\nCREATE INDEX CONCURRENTLY a ON b (c);";
    expect(read(text)).toMatchObject({ transactional: false });
  });

  test("allows rules for a statement right after, and for the whole from its head", () => {
    const text = `-- studio: allow drop-column, rename-column nobody reads it any more
-- studio: up

-- studio: allow set-not-null

-- A comment.
-- studio: allow drop-table replaced
-- by another
DROP TABLE a;
-- studio: allow drop-table
DROP TABLE b;
-- studio: down
-- studio: allow add-column
SELECT 1;`;
    const { allow, statements } = read(text);
    expect(allow).toEqual(["drop-column", "rename-column", "set-not-null"]);
    expect(statements).toEqual({
      up: [
        {
          sql: "-- A comment.\n-- studio: allow drop-table replaced\n-- by another\nDROP TABLE a",
          line: 6,
        },
        { sql: "-- studio: allow drop-table\nDROP TABLE b", line: 10 },
      ],
      down: [{ sql: "-- studio: allow add-column\nSELECT 1", line: 13 }],
    });
  });

  test("lets comments be that only look like directives", () => {
    const text = "-- studio is good\n/* studio: a table */\n-- up\nSELECT '-- studio: x';";
    expect(read(text).statements.up).toHaveLength(1);
  });
});

describe("a pair of files", () => {
  const pair = (up: string, down: string) =>
    readSqlMigration(
      [
        { file: upFile, text: up },
        { file: downFile, text: down },
      ],
      "postgres",
    );

  test("is up and down", () => {
    expect(pair("-- studio: compatible false\n\nSELECT 1;", "SELECT 2;")).toMatchObject({
      compatible: false,
      statements: { up: [{ sql: "SELECT 1", line: 3 }], down: [{ sql: "SELECT 2", line: 1 }] },
    });
    expect(pair("SELECT 1;", "-- no way back").statements.down).toBeNull();
  });

  test("has its directives in the file for up, and no sections", () => {
    expect(
      faults(() => pair("-- studio: up\nSELECT 1;", "-- studio: no-transaction\nSELECT 2;")),
    ).toEqual([
      expect.stringMatching(/^1: .*no sections/),
      expect.stringMatching(/^1: .*\.up\.sql/),
    ]);
  });

  test("is refused with the faults of both", () => {
    expect(faults(() => pair("SELECT '", "SELECT 1;\nCOMMIT"))).toEqual([
      expect.stringMatching(/^1: .*string/),
      expect.stringMatching(/^2: COMMIT/),
    ]);
  });
});

describe("a file of SQL is refused", () => {
  test.each([
    ["without a statement", "-- nothing", /^null: .*no statement/],
    ["without a statement for up", "-- studio: down\nSELECT 1", /^null: .*no statement/],
    ["for an unknown directive", "SELECT 1;\n-- studio: dwon\n", /^2: "dwon"/],
    ["for a directive without a colon", "SELECT 1;\n-- studio down\n", /^2: .*colon/],
    ["for a directive in another comment", "/* studio: down */", /^1: .*begin with --/],
    ["for another tool's sections", "SELECT 1;\n-- migrate:down\nSELECT 2;", /^2: .*another tool/],
    ["for goose's sections", "-- +goose Up\nSELECT 1", /^1: .*another tool/],
    ["for words after a section", "-- studio: up please\nSELECT 1", /^1: nothing may follow/],
    ["for compatible without a value", "-- studio: compatible\nSELECT 1", /^1: .*true or false/],
    ["for allow without a rule", "-- studio: allow\nSELECT 1", /^1: .*name of a rule/],
    ["for a section twice", "-- studio: up\nSELECT 1;\n-- studio: up\nSELECT 2", /^3: .*already/],
    [
      "for statements before a section",
      "SELECT 1;\n-- studio: down\nSELECT 2",
      /^2: .*first section/,
    ],
    [
      "for a directive twice",
      "-- studio: compatible true\n-- studio: compatible true\nSELECT 1",
      /^2:/,
    ],
    ["for a late directive", "SELECT 1;\n-- studio: no-transaction\nSELECT 2", /^2: .*first/],
    [
      "for a directive in a statement",
      "SELECT\n-- studio: allow x\n1",
      /^2: .*before the statement/,
    ],
    ["for a directive behind a statement", "SELECT 1; -- studio: allow x", /^1: .*line of its own/],
    ["for a section behind a statement", "SELECT 1; -- studio: down\n", /^1: .*line of its own/],
    ["for allowing nothing", "SELECT 1;\n-- studio: allow x\n\nSELECT 2", /^2: .*directly before/],
    ["for allowing nothing at its end", "SELECT 1;\n-- studio: allow x\n", /^2: .*directly before/],
    [
      "for a section in a body",
      "CREATE FUNCTION f() BEGIN ATOMIC\n-- studio: down\nEND",
      /^1: .*END/,
    ],
  ])("%s", (_case, text, fault) => {
    expect(faults(() => read(text))).toEqual([expect.stringMatching(fault)]);
  });

  test("for several statements without a transaction, with the reason", () => {
    const several = "-- studio: no-transaction\n-- studio: up\nSELECT 1; SELECT 2;";
    const down = "\n-- studio: no-transaction\nSELECT 1;";
    expect(faults(() => read(several))).toEqual([
      expect.stringMatching(/^1: .*up has 2: what was committed .* would stay$/),
    ]);
    expect(
      faults(() => read(`-- studio: up${down}\n-- studio: down\nSELECT 1; SELECT 2; SELECT 3`)),
    ).toEqual([expect.stringMatching(/^2: .*down has 3/)]);
  });

  test("with all its faults at once", () => {
    expect(faults(() => read("-- studio: a\n-- studio: b\nSELECT 1;\nBEGIN"))).toEqual([
      expect.stringMatching(/^1: "a"/),
      expect.stringMatching(/^2: "b"/),
      expect.stringMatching(/^4: BEGIN/),
    ]);
  });
});
