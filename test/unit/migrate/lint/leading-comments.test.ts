import { describe, expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import {
  allowedRules,
  readLeadingComments,
} from "../../../../src/migrate/lint/leading-comments.ts";

function statementIn(sql: string, dialect: Dialect = "postgres"): string {
  return sql.slice(readLeadingComments(sql, dialect).end);
}

describe("the comments before a statement", () => {
  test("are those of lines and of blocks, until the first word", () => {
    const sql = "\n-- one\n  /* two */\n--three\nSELECT 1 -- four";
    const { comments } = readLeadingComments(sql, "postgres");
    expect(comments).toEqual([" one", " two ", "three"]);
    expect(statementIn(sql)).toBe("SELECT 1 -- four");
  });

  test("nest where PostgreSQL nests them", () => {
    const sql = "/* a /* b */ c */ SELECT 1";
    expect(statementIn(sql)).toBe("SELECT 1");
    expect(statementIn(sql, "sqlite")).toBe("c */ SELECT 1");
  });

  test("begin with a hash in MySQL, and not with an exclamation mark", () => {
    expect(statementIn("# note\nSELECT 1", "mysql")).toBe("SELECT 1");
    expect(statementIn("# note\nSELECT 1")).toBe("# note\nSELECT 1");
    expect(statementIn("/*!40101 SET NAMES utf8 */", "mysql")).toBe("/*!40101 SET NAMES utf8 */");
  });

  test("are all of a text without a statement, closed or not", () => {
    for (const sql of ["", "  \n", "-- only", "/* open"]) expect(statementIn(sql)).toBe("");
  });
});

describe("a comment allows", () => {
  test("one rule or several, before the reason", () => {
    expect(allowedRules([" studio: allow drop-column unused, since 1.4"])).toEqual(["drop-column"]);
    expect(allowedRules(["studio:allow a-b,c-d , e-f because"])).toEqual(["a-b", "c-d", "e-f"]);
    expect(allowedRules(["\n studio: allow add-index\n the table is small\n"])).toEqual([
      "add-index",
    ]);
  });

  test("nothing if it says something else", () => {
    expect(
      allowedRules(["studio: allowed drop-column", "allow drop-column", "x studio: allow y"]),
    ).toEqual([]);
  });
});
