import { expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { mayLose } from "../../../../src/migrate/schema/generate/narrowing.ts";
import { normaliseType } from "../../../../src/migrate/schema/types/normalise.ts";

const kept: [Dialect, string, string][] = [
  ["postgres", "integer", "bigint"],
  ["postgres", "integer", "numeric(12,2)"],
  ["postgres", "character varying(20)", "character varying(40)"],
  ["postgres", "character varying(20)", "text"],
  ["postgres", "numeric(10,2)", "numeric(12,3)"],
  ["postgres", "numeric(10,2)", "numeric"],
  ["postgres", "date", "timestamp with time zone"],
  ["postgres", "jsonb", "text"],
  ["postgres", "timestamp(3) with time zone", "timestamp with time zone"],
  ["mysql", "int", "bigint"],
  ["mysql", "int unsigned", "bigint"],
  ["mysql", "varchar(20)", "text"],
  ["mysql", "text", "longtext"],
  ["mysql", "enum('a')", "enum('a','b')"],
  ["mysql", "decimal(10,2)", "decimal(11,2)"],
  ["sqlite", "int", "bigint"],
  ["sqlite", "varchar(20)", "text"],
  ["sqlite", "integer", "numeric"],
];

const lost: [Dialect, string, string][] = [
  ["postgres", "bigint", "integer"],
  ["postgres", "text", "character varying(20)"],
  ["postgres", "numeric(10,2)", "numeric(10,4)"],
  ["postgres", "text", "integer"],
  ["postgres", "timestamp without time zone", "timestamp with time zone"],
  ["postgres", "text[]", "jsonb"],
  ["postgres", "bytea", "text"],
  ["mysql", "int unsigned", "int"],
  ["mysql", "int", "int unsigned"],
  ["mysql", "varchar(200)", "tinytext"],
  ["mysql", "enum('a','b')", "enum('b','a')"],
  ["mysql", "datetime(3)", "datetime"],
  ["mysql", "datetime", "date"],
  ["sqlite", "text", "integer"],
  ["sqlite", "real", "integer"],
];

test.each(kept)("on %s, %s becomes %s without loss", (dialect, before, after) => {
  expect(mayLose(before, after, dialect)).toBe(false);
});

test.each(lost)("on %s, %s may lose values as %s", (dialect, before, after) => {
  expect(mayLose(before, after, dialect)).toBe(true);
});

test.each<[Dialect, string, string]>([
  ["postgres", "VARCHAR(20)", "character varying(20)"],
  ["postgres", "int[][]", "integer[]"],
  ["postgres", "text array", "text[]"],
  ["postgres", "timestamptz(3)", "timestamp(3) with time zone"],
  ["postgres", "time", "time without time zone"],
  ["postgres", "float(10)", "real"],
  ["postgres", "numeric(8)", "numeric(8,0)"],
  ["postgres", "char", "character(1)"],
  ["postgres", '"Mood"', '"Mood"'],
  ["postgres", "audit.Mood", "audit.mood"],
  ["mysql", "INT(11) UNSIGNED", "int unsigned"],
  ["mysql", "tinyint(1)", "tinyint(1)"],
  ["mysql", "tinyint(4)", "tinyint"],
  ["mysql", "boolean", "tinyint(1)"],
  ["mysql", "numeric", "decimal(10,0)"],
  ["mysql", "year(4)", "year"],
  ["mysql", "ENUM('A', 'b , c')", "enum('A','b , c')"],
  ["sqlite", "VarChar ( 20 )", "varchar(20)"],
])("on %s, the type %s is %s", (dialect, written, printed) => {
  expect(normaliseType(written, dialect)).toBe(printed);
});
