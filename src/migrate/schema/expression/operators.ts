import type { Dialect } from "../../../database/address.ts";

type Level = readonly (readonly string[])[];

/** From what binds least to what binds most. */
const levels: Record<Dialect, Level> = {
  // https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-PRECEDENCE
  postgres: [
    ["or"],
    ["and"],
    ["not"],
    ["is", "isnull", "notnull"],
    ["<", ">", "=", "<=", ">=", "<>"],
    ["between", "in", "like", "ilike"],
    ["other"],
    ["+", "-"],
    ["*", "/", "%"],
    ["^"],
    ["at"],
    ["collate"],
  ],
  // https://sqlite.org/lang_expr.html#operators_and_parse_affecting_attributes
  sqlite: [
    ["or"],
    ["and"],
    ["not"],
    ["=", "<>", "is", "isnull", "notnull", "between", "in", "like", "glob", "match", "regexp"],
    ["<", ">", "<=", ">="],
    ["&", "|", "<<", ">>"],
    ["+", "-"],
    ["*", "/", "%"],
    ["||", "->", "->>"],
    ["collate"],
  ],
  // https://dev.mysql.com/doc/refman/8.4/en/operator-precedence.html
  mysql: [
    ["or"],
    ["xor"],
    ["and"],
    ["not"],
    ["between"],
    ["=", "<=>", "<", ">", "<=", ">=", "<>", "is", "in", "like", "regexp", "rlike"],
    ["|"],
    ["&"],
    ["<<", ">>"],
    ["+", "-"],
    ["*", "/", "%", "div", "mod"],
    ["^"],
    ["->", "->>", "collate"],
  ],
};

const ranks: Record<Dialect, ReadonlyMap<string, number>> = {
  postgres: ranksOf(levels.postgres),
  sqlite: ranksOf(levels.sqlite),
  mysql: ranksOf(levels.mysql),
};

function ranksOf(level: Level): Map<string, number> {
  return new Map(level.flatMap((names, index) => names.map((name) => [name, index + 1] as const)));
}

/** How much an operator binds, from 1; 0 for what is no operator between two expressions. */
export function rankOf(operator: string, dialect: Dialect): number {
  const rank = ranks[dialect].get(operator);
  if (rank !== undefined) return rank;
  if (dialect !== "postgres" || !/^[-+*/<>=~!@#%^&|`?]+$/.test(operator)) return 0;
  return ranks.postgres.get("other") ?? 0;
}

const spellings: Record<Dialect, Record<string, string>> = {
  postgres: { "!=": "<>", like: "~~", ilike: "~~*" },
  sqlite: { "!=": "<>", "==": "=" },
  mysql: { "!=": "<>", "&&": "and", "||": "or", rlike: "regexp", mod: "%" },
};

/** One spelling for operators that mean the same. */
export function spelled(operator: string, dialect: Dialect): string {
  return spellings[dialect][operator] ?? operator;
}

/** The opposite of an operator between two expressions: `NOT LIKE`. */
export function negated(operator: string, dialect: Dialect): string {
  const one = spelled(operator, dialect);
  return dialect === "postgres" && one.startsWith("~~") ? `!${one}` : `not ${one}`;
}

/** Words that stand for a value, and the one word for those that stand for the same. */
const values: Record<Dialect, Record<string, string>> = {
  postgres: {
    now: "current_timestamp",
    transaction_timestamp: "current_timestamp",
    current_user: "current_user",
    user: "current_user",
  },
  sqlite: {},
  mysql: {
    now: "current_timestamp",
    localtime: "current_timestamp",
    localtimestamp: "current_timestamp",
    curdate: "current_date",
    curtime: "current_time",
    true: "1",
    false: "0",
    // The servers print one of two names of a function, and not the same one.
    lower: "lcase",
    upper: "ucase",
    substring: "substr",
    mid: "substr",
    character_length: "char_length",
    octet_length: "length",
    power: "pow",
    ceiling: "ceil",
    dayofmonth: "day",
    schema: "database",
  },
};

const valueWords = new Set(
  "null true false current_timestamp current_date current_time current_user session_user user localtime localtimestamp current_role current_catalog current_schema".split(
    " ",
  ),
);

/** The operator of the leaf for a word that is a value; null for the name of something. */
export function valueLeaf(word: string, dialect: Dialect): string | null {
  if (!valueWords.has(word)) return null;
  const one = values[dialect][word] ?? word;
  return /^\d/.test(one) ? `number:${one}` : `word:${one}`;
}

/** The name of a function by its usual word; a value that is written as a call is that value. */
export function callLeaf(name: string, isEmpty: boolean, dialect: Dialect): string {
  const one = values[dialect][name] ?? name;
  return isEmpty && valueWords.has(one) ? `word:${one}` : `call:${one}`;
}
