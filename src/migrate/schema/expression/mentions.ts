import type { Dialect } from "../../../database/address.ts";
import { quoteName } from "../names.ts";
import { type Token, tokenize } from "./tokens.ts";

/** Every word of a piece of SQL that may be a name, in the case in which names compare. */
export function mentionedNames(sql: string, dialect: Dialect): Set<string> {
  const tokens = tokenize(sql, dialect);
  if (tokens === null) return new Set(sql.match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []);
  const names = tokens.filter(({ kind }) => kind === "word" || kind === "quoted");
  return new Set(names.map((token) => nameOf(token, dialect)));
}

/** Whether a piece of SQL may use what has this name; better once too often than not. */
export function mentions(sql: string, name: string, dialect: Dialect): boolean {
  return mentionedNames(sql, dialect).has(foldName(name, dialect));
}

/** Names as they compare: without regard to case but on PostgreSQL. */
export function foldName(name: string, dialect: Dialect): string {
  return dialect === "postgres" ? name : name.toLowerCase();
}

/** A piece of SQL in which a column has another name. */
export function renameIn(sql: string, from: string, to: string, dialect: Dialect): string {
  const tokens = tokenize(sql, dialect) ?? [];
  let result = "";
  let end = 0;
  for (const [index, token] of tokens.entries()) {
    if (!isName(token, tokens[index + 1], from, dialect)) continue;
    result += sql.slice(end, token.start) + quoteName(to, dialect);
    end = token.end;
  }
  return result + sql.slice(end);
}

function isName(token: Token, next: Token | undefined, name: string, dialect: Dialect): boolean {
  if (token.kind !== "word" && token.kind !== "quoted") return false;
  return nameOf(token, dialect) === foldName(name, dialect) && next?.text !== "(";
}

function nameOf(token: Token, dialect: Dialect): string {
  if (dialect === "postgres" && token.kind === "quoted") return token.text;
  return token.text.toLowerCase();
}
