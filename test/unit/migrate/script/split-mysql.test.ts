import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudioError } from "../../../../src/errors.ts";
import { splitStatements } from "../../../../src/migrate/script/split.ts";
import {
  bodiesOf,
  gaps,
  innerComment,
  nasty,
  nastyText,
  scriptOf,
  statementsOf,
  thrownBy,
} from "./scripts.ts";
import { routines } from "./mysql-routines.ts";

const split = (text: string) => splitStatements(text, "mysql");
const texts = (text: string) => split(text).map(({ sql }) => sql);

describe("a MySQL script is split", () => {
  test.each([
    [
      "not in strings, in which a backslash escapes",
      `SELECT 'a;\\';''', "\\";"""; SELECT 2`,
      [`SELECT 'a;\\';''', "\\";"""`, "SELECT 2"],
    ],
    [
      "not in names, in which it does not",
      "SELECT `;``;\\`; SELECT 2",
      ["SELECT `;``;\\`", "SELECT 2"],
    ],
    [
      "not in comments, which do not nest",
      "SELECT /* ; /* */ 1 # ;\n -- ;\n; # no",
      ["SELECT /* ; /* */ 1"],
    ],
    [
      "within minus signs that are no comment",
      "SELECT 1--1; SELECT 2",
      ["SELECT 1--1", "SELECT 2"],
    ],
    [
      "not in comments that the server executes",
      "/*!40101 SET a = '*/;' ; */; /*M!100100 SET b = 1 */;",
      ["/*!40101 SET a = '*/;' ; */", "/*M!100100 SET b = 1 */"],
    ],
    [
      "with names that begin with digits, and variables of any name",
      "SELECT 1end, @end, @@x.begin; SELECT 2",
      ["SELECT 1end, @end, @@x.begin", "SELECT 2"],
    ],
  ])("%s", (_case, text, statements) => {
    expect(texts(text)).toEqual(statements);
  });

  test.each(routines)("at the end of a body: %s", (routine) => {
    expect(texts(`SELECT 1; ${routine};\n${routine} ; SELECT 2`)).toEqual([
      "SELECT 1",
      routine,
      routine,
      "SELECT 2",
    ]);
  });

  test("as DELIMITER lines say", () => {
    const text = `SELECT 1;
      delimiter $$
      CREATE PROCEDURE a() AS BEGIN SELECT ';$$'; END$$ # $$
      SELECT ';' $$
      DELIMITER '//' rest
      SELECT 2 /* // */ //
      DELIMITER ;
      CREATE TABLE a (
      delimiter int); SELECT 3`;
    expect(split(text)).toEqual([
      { sql: "SELECT 1", line: 1 },
      { sql: "CREATE PROCEDURE a() AS BEGIN SELECT ';$$'; END", line: 3 },
      { sql: "SELECT ';'", line: 4 },
      { sql: "SELECT 2", line: 6 },
      { sql: "CREATE TABLE a (\n      delimiter int)", line: 8 },
      { sql: "SELECT 3", line: 9 },
    ]);
  });
});

describe("a MySQL script is refused, with the line,", () => {
  test.each([
    ["a string without an end", "SELECT 1;\nSELECT 'a\\';\n", 2, "string"],
    ["a name without an end", "\n\nSELECT `a", 3, "name"],
    ["a comment without an end", "SELECT 1; /* /*", 1, "comment"],
    ["an executed comment without an end", "SELECT 1;\n/*!40000 SELECT 2;\n", 2, "comment"],
    ["a DELIMITER line without a delimiter", "SELECT 1;\nDELIMITER  \n", 2, "DELIMITER"],
    ["a delimiter with a backslash", "DELIMITER \\\\", 1, "DELIMITER"],
    ["a command of the mysql client", "SELECT 1\n\\G\n", 2, "mysql client"],
    ["a body of Oracle's kind", "\nCREATE PROCEDURE a AS BEGIN SELECT 1; END;", 2, "DELIMITER //"],
    ["a package", "CREATE PACKAGE a AS PROCEDURE b; END;", 1, "DELIMITER //"],
    ["a body without END", "CREATE PROCEDURE a()\nBEGIN SELECT 1;", 2, "DELIMITER //"],
    [
      "an END of something else",
      "CREATE PROCEDURE a()\nBEGIN SELECT 1; END IF;",
      2,
      "DELIMITER //",
    ],
    ["BEGIN", "BEGIN;", 1, "BEGIN"],
    ["START TRANSACTION", "START TRANSACTION", 1, "START TRANSACTION"],
    ["COMMIT in an executed comment", "SELECT 1;\n/*!40000 COMMIT */;", 2, "COMMIT"],
    ["COMMIT at another delimiter", "DELIMITER //\nCOMMIT//", 2, "COMMIT"],
    ["ROLLBACK", "ROLLBACK AND CHAIN", 1, "ROLLBACK"],
    ["SAVEPOINT", "SAVEPOINT a", 1, "SAVEPOINT"],
    ["XA", "XA START 'a'", 1, "XA START"],
  ])("for %s", (_case, text, line, word) => {
    const error = thrownBy(() => split(text));
    expect(error).toMatchObject({ code: "migration.invalid", exitCode: 2, details: { line } });
    expect((error as Error).message).toContain(word);
  });
});

test("statements that only sound like transactions are let through", () => {
  expect(split("START SLAVE; SET autocommit = 1; XA RECOVER; LOCK TABLES a READ")).toHaveLength(4);
});

describe("whatever a MySQL script holds", () => {
  const string = fc.oneof(
    nastyText().map((text) => `'${text.replaceAll(/['\\]/g, "\\$&")}'`),
    nastyText().map((text) => `"${text.replaceAll(/["\\]/g, "$&$&")}"`),
    fc.constantFrom("\\N", "1e5", "x'00'", "@a", "@'b;'"),
  );
  const name = fc.oneof(
    nastyText().map((text) => `\`a${text.replaceAll("`", "``")}\``),
    fc.constantFrom("a$$", "é", "1a", "e.begin", "e.end", "e.case"),
  );
  const gap = gaps(
    innerComment.map((text) => `/*${text.includes("!") ? "" : text} ' ; */`),
    nastyText().map((text) => `-- ${text.replaceAll("\n", "")}\n`),
    nastyText().map((text) => `#${text.replaceAll("\n", "")}\n`),
  );
  const statements = statementsOf(
    [
      "SELECT$c$s, $n AS end, ($s)$c",
      "INSERT INTO $n VALUES ($s,$c$s)",
      "/*!50000 INSERT INTO $n VALUES ($s,$c$s)*/",
      "CREATE TABLE $n ($n text DEFAULT $s)",
      "CREATE DEFINER=CURRENT_USER() PROCEDURE $n (a ENUM($s))$cCOMMENT 'x; BEGIN' NOT DETERMINISTIC$cBEGIN$cSELECT CASE WHEN $n = $s THEN end ELSE 3 END, $n$c;$cIF IF($s, 1, 2) THEN$cSELECT $s;$cEND$cIF; END$c",
      "CREATE TRIGGER $n BEFORE INSERT ON $n FOR EACH ROW SET $n = REPEAT($s, 3)",
    ],
    { string, name },
    gap,
  );

  test("its statements are given back", () => {
    fc.assert(
      fc.property(scriptOf(statements, gap), ({ text, statements: expected }) => {
        expect(bodiesOf(text, "mysql")).toEqual(expected.map((one) => bodiesOf(one, "mysql")[0]));
      }),
      { numRuns: 300 },
    );
  });

  test("no text makes it throw anything but a StudioError", () => {
    fc.assert(
      fc.property(nastyText([...nasty, ...compound], 60), (text) => {
        const error = thrownBy(() => split(text));
        if (error !== null) expect(error).toBeInstanceOf(StudioError);
      }),
      { numRuns: 3000 },
    );
  });
});

const compound = (
  "CREATE PROCEDURE FUNCTION TRIGGER EVENT RETURN ROW EACH IF THEN ELSE ELSEIF CASE WHEN WHILE DO " +
  "LOOP REPEAT UNTIL FOR DECLARE HANDLER NOT FOUND BEGIN END AS ; ( ) :"
)
  .split(" ")
  .map((word) => ` ${word} `);
