import type { Dialect } from "../../../database/address.ts";
import { closing, withoutParentheses } from "../expression/parentheses.ts";
import { tokenize } from "../expression/tokens.ts";
import { type Term, given } from "../model.ts";
import { WordReader, wordOfName } from "./word-reader.ts";

/** `email`, `lower(email) desc nulls last`, `name collate "C" text_pattern_ops`, `title(20)`. */
export function termWords(term: Term, dialect: Dialect): string {
  const { column, expression = "", collation, operatorClass, descending, nulls, length } = term;
  const subject =
    column === undefined ? expressionWords(expression, dialect) : wordOfName(column, dialect);
  return [
    length === undefined ? subject : `${subject}(${length})`,
    collation === undefined ? "" : `collate ${quotedPath(collation, dialect)}`,
    operatorClass ?? "",
    descending === true ? "desc" : "",
    nulls === undefined ? "" : `nulls ${nulls}`,
  ]
    .filter((word) => word !== "")
    .join(" ");
}

/** Parentheses around what is no plain call; MySQL needs them around calls as well. */
function expressionWords(expression: string, dialect: Dialect): string {
  if (dialect !== "mysql" && isCall(expression, dialect)) return expression;
  return `(${expression})`;
}

function isCall(expression: string, dialect: Dialect): boolean {
  const tokens = tokenize(expression, dialect);
  if (tokens === null || tokens[0]?.kind !== "word" || tokens[1]?.text !== "(") return false;
  return closing(tokens, 1) === tokens.length - 1;
}

/** The reverse of `termWords`. @throws WordsError */
export function parseTerm(text: string, dialect: Dialect): Term {
  const reader = new WordReader(text, dialect);
  const term = subject(reader, dialect);
  if (reader.take("collate")) term.collation = collationName(reader.name(), dialect);
  if (
    dialect === "postgres" &&
    !reader.isAtEnd() &&
    !["asc", "desc", "nulls"].some((word) => reader.sees(word))
  ) {
    term.operatorClass = reader.until((one) =>
      ["asc", "desc", "nulls"].some((word) => one.sees(word)),
    );
  }
  const descending = reader.takeOne(["asc", "desc"]) === "desc";
  const nulls = reader.take("nulls") ? reader.takeOne(["first", "last"]) : null;
  if (!reader.isAtEnd()) throw reader.unexpected("asc, desc, nulls first or nulls last");
  const usual = descending ? "first" : "last";
  return { ...term, ...given<Term>({ descending, nulls: nulls === usual ? null : nulls }) };
}

function subject(reader: WordReader, dialect: Dialect): Term {
  if (reader.sees("(")) return { expression: withoutParentheses(reader.group(), dialect) };
  const text = reader.until(endsSubject);
  const inner = new WordReader(text, dialect);
  const column = inner.plainName();
  if (inner.isAtEnd()) return { column };
  if (dialect !== "mysql") return { expression: text };
  const length = inner.group();
  if (!/^\d+$/.test(length)) throw inner.unexpected("parentheses around the expression");
  return { column, length: Number(length) };
}

/** A subject is a name, or a call. */
function endsSubject(reader: WordReader, previous: string): boolean {
  return previous !== "" && previous !== "." && !reader.sees("(") && !reader.sees(".");
}

function quotedPath(collation: string, dialect: Dialect): string {
  return collation
    .split(".")
    .map((part) => wordOfName(part, dialect))
    .join(".");
}

/** The names of collations have no case but on PostgreSQL. */
export function collationName(name: string, dialect: Dialect): string {
  return dialect === "postgres" ? name : name.toLowerCase();
}
