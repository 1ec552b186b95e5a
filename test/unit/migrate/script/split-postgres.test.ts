import * as fc from "fast-check";
import { loadModule, parseSync, scanSync } from "libpg-query";
import { beforeAll, describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import { PostgresTokens } from "../../../../src/migrate/script/postgres-tokens.ts";
import { Script } from "../../../../src/migrate/script/script.ts";
import { splitStatements } from "../../../../src/migrate/script/split.ts";
import {
  bodiesOf,
  gaps,
  innerComment,
  nasty,
  nastyText,
  scriptOf,
  semicolonsOf,
  statementsOf,
  thrownBy,
} from "./scripts.ts";

const split = (text: string) => splitStatements(text, "postgres");

describe("a PostgreSQL script is split", () => {
  test.each([
    ["at semicolons", "SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]],
    ["without empty statements", ";;SELECT 1;/* none */; -- none", ["SELECT 1"]],
    ["not in strings", "SELECT 'a;''b;'; SELECT E'\\';'", ["SELECT 'a;''b;'", "SELECT E'\\';'"]],
    ["not in strings of several lines", "SELECT E'a' --\n '\\';'", ["SELECT E'a' --\n '\\';'"]],
    ["not in names", 'SELECT ";"";"; SELECT 2', ['SELECT ";"";"', "SELECT 2"]],
    ["not in comments that nest", "SELECT /* ; /* ; */ ; */ 1", ["SELECT /* ; /* ; */ ; */ 1"]],
    ["not between dollars", "DO $a$ ; $$ ; $a$; SELECT 2", ["DO $a$ ; $$ ; $a$", "SELECT 2"]],
    ["with dollars in names", "SELECT a$$; SELECT $1", ["SELECT a$$", "SELECT $1"]],
    [
      "not in the actions of a rule",
      "CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3",
      ["CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2)", "SELECT 3"],
    ],
    [
      "not in the body of a function",
      "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN /* */ ATOMIC SELECT CASE WHEN (SELECT 1 end) > 0 THEN 1 END AS end; SELECT 1 end; END; SELECT 3",
      [
        "CREATE OR REPLACE FUNCTION f() RETURNS int BEGIN /* */ ATOMIC SELECT CASE WHEN (SELECT 1 end) > 0 THEN 1 END AS end; SELECT 1 end; END",
        "SELECT 3",
      ],
    ],
  ])("%s", (_case, text, statements) => {
    expect(split(text).map(({ sql }) => sql)).toEqual(statements);
  });

  test("with the comments before each statement and the line where that begins", () => {
    const text = "\uFEFF-- one\nSELECT 1; -- of one\n\n/* two */ -- of two\nSELECT\n2;\r\nSELECT 3";
    expect(split(text)).toEqual([
      { sql: "-- one\nSELECT 1", line: 1 },
      { sql: "/* two */ -- of two\nSELECT\n2", line: 4 },
      { sql: "SELECT 3", line: 7 },
    ]);
  });
});

describe("a PostgreSQL script is refused, with the line,", () => {
  test.each([
    ["a string without an end", "SELECT 1;\nSELECT 'a;\n", 2, "string"],
    ["a name without an end", '\n\nSELECT "a', 3, "name"],
    ["a comment without an end", "SELECT 1; /* /* */", 1, "comment"],
    ["a dollar quote without an end", "\nDO $x$ $$ $y$;", 2, "$x$"],
    ["a parenthesis that is not closed", "CREATE TABLE\na (b int;\nSELECT 1;", 2, "parenthesis"],
    ["a body without END", "CREATE FUNCTION f() BEGIN ATOMIC SELECT 1;", 1, "END"],
    ["a command of psql", "SELECT 1\n\\gexec\n", 2, "psql"],
    ["rows for COPY", "SELECT 1;\nCOPY a (b) FROM stdin WITH CSV;\n1\t'2\n\\.\n", 2, "COPY"],
    ["BEGIN", "SELECT 1;\n-- now\nBEGIN;", 3, "BEGIN"],
    ["START TRANSACTION", "START /* */ TRANSACTION READ ONLY", 1, "START TRANSACTION"],
    ["COMMIT", "COMMIT", 1, "COMMIT"],
    ["END", "END;", 1, "END"],
    ["ROLLBACK", "rollback to a", 1, "ROLLBACK"],
    ["SAVEPOINT", "Savepoint a", 1, "SAVEPOINT"],
    ["text in UTF-16", "S\0E\0", 1, "NUL"],
  ])("for %s", (_case, text, line, word) => {
    const error = thrownBy(() => split(text));
    expect(error).toMatchObject({ code: "migration.invalid", exitCode: 2, details: { line } });
    expect((error as Error).message).toContain(word);
  });
});

test("COPY from a file and statements that only sound like transactions are let through", () => {
  const text =
    "COPY a FROM '/stdin'; COPY (SELECT 1 FROM stdin) TO STDOUT; PREPARE a AS SELECT 1; SET x TO 1";
  expect(split(text)).toHaveLength(4);
});

describe("the server's own parser agrees", () => {
  beforeAll(() => loadModule());

  const string = fc.oneof(
    nastyText().map((text) => `'${text.replaceAll("'", "''")}'`),
    nastyText().map((text) => `E'${text.replaceAll(/[\\']/g, "\\$&")}'`),
    nastyText().map((text) => `e'${text.replaceAll(/['\\]/g, "$&$&")}'\n \n 'b\\';'`),
    nastyText().map((text) => `$a1é$${text.replaceAll("$", "")}$a1é$`),
    nastyText().map((text) => `$$${text.replaceAll("$", "")}$$`),
    nastyText().map((text) => `U&'${text.replaceAll(/['\\]/g, "")}'`),
  );
  const name = fc.oneof(
    nastyText().map((text) => `"a${text.replaceAll('"', '""')}"`),
    fc.constantFrom("a$$", "é", "e", "_1", "begin", "atomic", "stdin"),
  );
  const gap = gaps(
    innerComment.map((text) => `/*${text} /* ' */ ; */`),
    nastyText().map((text) => `--${text.replaceAll(/[\n\r]/g, "")}\n`),
  );
  const statements = statementsOf(
    [
      "SELECT$c$s, $n::text AS end, ($s)$c",
      "INSERT INTO $n VALUES ($s,$c$s)",
      "CREATE$cRULE $n AS ON INSERT TO $n DO$c(SELECT $s;$cSELECT $s)",
      "CREATE FUNCTION $n(begin atomic) RETURNS text LANGUAGE SQL$cBEGIN$cATOMIC$cSELECT CASE WHEN $n = $s THEN (SELECT 2 end) ELSE CASE$c1 WHEN 2 THEN 3 END END$c;$cSELECT $n end; END",
      "CREATE OR REPLACE PROCEDURE $n() BEGIN ATOMIC END",
      "DO$c$s",
      "CREATE SCHEMA $n CREATE TABLE $n (a int, b text DEFAULT$c$s)",
      "SELECT 1 = ANY($n) - -2 @> $s ? $s ?| $s #>> $s",
    ],
    { string, name },
    gap,
  );

  test("on statements, whatever stands between and within them", () => {
    fc.assert(
      fc.property(scriptOf(statements, gap), ({ text, statements: expected }) => {
        expect(bodiesOf(text, "postgres")).toEqual(expected.map(trimmed));
        expect(statementsAsParsed(text)).toEqual(expected.map(trimmed));
      }),
      { numRuns: 300 },
    );
  });

  test("on where anything that it can read into tokens has its semicolons", () => {
    fc.assert(
      fc.property(nastyText(nasty, 16), (text) => {
        const expected = semicolonsAsScanned(text);
        const found = semicolons(text);
        if (found instanceof Error && found.message.includes("psql")) return;
        if (expected !== null) expect(found).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("on what has no end", () => {
    fc.assert(
      fc.property(nastyText(nasty, 16), (text) => {
        const found = semicolons(text);
        if (!(found instanceof Error) || found.message.includes("psql")) return;
        expect(semicolonsAsScanned(text)).toBeNull();
      }),
      { numRuns: 3000 },
    );
  });

  test("no text makes it throw anything but a StudioError", () => {
    fc.assert(
      fc.property(nastyText(nasty, 40), (text) => {
        const error = thrownBy(() => split(text));
        if (error !== null) expect(error).toBeInstanceOf(StudioError);
      }),
      { numRuns: 3000 },
    );
  });
});

/** Without the gap that a template may end with. */
function trimmed(statement: string): string {
  return bodiesOf(statement, "postgres")[0] ?? "";
}

function statementsAsParsed(text: string): string[] {
  const bytes = Buffer.from(text);
  const tokens = scanSync(text).tokens.filter(({ tokenName }) => !tokenName.endsWith("COMMENT"));
  return (parseSync(text).stmts ?? []).map(({ stmt_location: start = 0, stmt_len: length }) => {
    const end = length === undefined ? bytes.length : start + length;
    const own = tokens.filter((token) => token.start >= start && token.end <= end);
    return bytes.subarray(own[0]?.start, own.at(-1)?.end).toString();
  });
}

/** Null where it finds no tokens, or where it is known not to do as the server does. */
function semicolonsAsScanned(text: string): number[] | null {
  // A comment between the parts of a string: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
  if (/e'/i.test(text) && text.includes("--")) return null;
  const bytes = Buffer.from(text);
  try {
    return scanSync(text)
      .tokens.filter(({ tokenName }) => tokenName === "ASCII_59")
      .map(({ start }) => bytes.subarray(0, start).toString().length);
  } catch {
    return null;
  }
}

const semicolons = (text: string) =>
  semicolonsOf(new PostgresTokens(new Script(text, "script.sql")));
