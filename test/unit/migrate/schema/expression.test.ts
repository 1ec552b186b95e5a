import { describe, expect, test } from "vitest";
import { renameIn } from "../../../../src/migrate/schema/expression/mentions.ts";
import { sameExpression, sameSelect } from "../../../../src/migrate/schema/expression/same.ts";

describe("an expression as it is declared is the one that the server prints", () => {
  test.each([
    ["age > 0", "(age > 0)"],
    ["price > 0", "price > 0::numeric"],
    ["status in ('a','b')", "status = ANY (ARRAY['a'::text, 'b'::text])"],
    ["status in ('a')", "status = 'a'::text"],
    [
      "status in ('a','b')",
      "(status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])",
    ],
    ["a not in (1, 2)", "a <> ALL (ARRAY[1, 2])"],
    ["x between 1 and 5", "x >= 1 AND x <= 5"],
    ["name like 'a%'", "name ~~ 'a%'::text"],
    ["name not ilike 'a%'", "name !~~* 'a%'::text"],
    ["-1", "'-1'::integer"],
    ["now()", "CURRENT_TIMESTAMP"],
    ["interval '1 day'", "'1 day'::interval"],
    ["cast(a as int) = 1", "(a)::integer = 1"],
    ["not (a and b) or c is not null", "NOT (a AND b) OR c IS NOT NULL"],
    ["extract(year from d) > 2000", "EXTRACT(year FROM d) > 2000::numeric"],
    ["a->>'x' = 'y'", "(a ->> 'x'::text) = 'y'::text"],
    ["case when a then 1 end", "CASE\n    WHEN a THEN 1\n    ELSE NULL\nEND"],
    ["\"Full Name\" <> 'x'", "(\"Full Name\" <> 'x'::text)"],
    ["d at time zone 'UTC'", "d AT TIME ZONE 'UTC'::text"],
    ["E'a\\nb'", "'a\nb'"],
    ["pg_catalog.lower(a)", "lower(a)"],
  ])("of PostgreSQL: %s", (declared, printed) => {
    expect(sameExpression(declared, printed, "postgres")).toBe(true);
    expect(sameExpression(printed, declared, "postgres")).toBe(true);
  });

  test.each([
    ["a > 0 and b != 'x'", "((`a` > 0) and (`b` <> _utf8mb4'x'))"],
    ["now()", "current_timestamp()"],
    ["CURRENT_TIMESTAMP", "current_timestamp()"],
    ["now(3)", "current_timestamp(3)"],
    ["lower(a)", "lcase(`a`)"],
    ["a in (1,2) or not b", "`a` in (1,2) or not `b`"],
    ["true", "1"],
  ])("of MySQL: %s", (declared, printed) => {
    expect(sameExpression(declared, printed, "mysql")).toBe(true);
  });

  test.each([
    ["a::date = x", "a::timestamp = x"],
    ["a > 1", "a > 2"],
    ["a > 1", "a >= 1"],
    ["'A'", "'a'"],
    ['"A" = 1', "a = 1"],
    ["a or b and c", "(a or b) and c"],
    ["a - b - c", "a - (b - c)"],
    ["a in (1, 2)", "a in (2, 1)"],
    ["(select 1) = 1", "(select 2) = 1"],
    ["x'01'", "'01'"],
  ])("but not when they differ: %s, %s", (one, other) => {
    expect(sameExpression(one, other, "postgres")).toBe(false);
  });
});

describe("a SELECT as it is declared is the one that the server prints", () => {
  test("when that adds the table, aliases and casts", () => {
    const postgres =
      " SELECT users.id,\n    users.name\n   FROM users\n  WHERE users.price > 3::numeric;";
    expect(sameSelect("select id, name from users where price > 3", postgres, "postgres")).toBe(
      true,
    );
    const mysql = "select `users`.`id` AS `id` from `users` where `users`.`age` > 3";
    expect(sameSelect("select id from users where age > 3", mysql, "mysql")).toBe(true);
  });

  test.each([
    ["select id as x from users", "select id from users"],
    ["select a.id from a, b", "select id from a, b"],
    ["select 'a' from t", "select a from t"],
    ["select id from users", "select id from people"],
  ])("but not when they differ: %s, %s", (one, other) => {
    expect(sameSelect(one, other, "postgres")).toBe(false);
  });
});

test("a column is renamed in an expression, and nothing else is", () => {
  const expression = `age > 1 and "age" < 9 and 'age' <> age(born) and ages > 2`;
  expect(renameIn(expression, "age", "Years", "postgres")).toBe(
    `"Years" > 1 and "Years" < 9 and 'age' <> age(born) and ages > 2`,
  );
});
