import type { Dialect } from "../../database/address.ts";

export interface LeadingComments {
  /** Without the signs that begin and end them. */
  comments: string[];
  /** Where the statement itself begins; the length of the text where there is only comment. */
  end: number;
}

/** Reads the comments before a statement, as its database would skip them. */
export function readLeadingComments(sql: string, dialect: Dialect): LeadingComments {
  const comments: string[] = [];
  let end = 0;
  while (end < sql.length) {
    const blank = /^\s+/.exec(sql.slice(end, end + 1000))?.[0].length ?? 0;
    const comment = blank > 0 ? null : commentAt(sql, end, dialect);
    if (blank === 0 && comment === null) break;
    if (comment !== null) comments.push(comment.text);
    end += blank + (comment?.length ?? 0);
  }
  return { comments, end };
}

function commentAt(sql: string, at: number, dialect: Dialect) {
  if (sql.startsWith("--", at)) return lineComment(sql, at, 2);
  if (dialect === "mysql" && sql.startsWith("#", at)) return lineComment(sql, at, 1);
  if (!sql.startsWith("/*", at)) return null;
  // MySQL and MariaDB execute these.
  if (dialect === "mysql" && (sql.startsWith("/*!", at) || sql.startsWith("/*M!", at))) return null;
  return blockComment(sql, at, dialect === "postgres");
}

function lineComment(sql: string, at: number, sign: number) {
  const newline = sql.indexOf("\n", at);
  const end = newline === -1 ? sql.length : newline;
  return { text: sql.slice(at + sign, end), length: end - at };
}

function blockComment(sql: string, at: number, nests: boolean) {
  const signs = /\/\*|\*\//g;
  signs.lastIndex = at + 2;
  let depth = 1;
  while (depth > 0) {
    const sign = signs.exec(sql)?.[0];
    if (sign === undefined) return { text: sql.slice(at + 2), length: sql.length - at };
    if (sign === "*/") depth -= 1;
    else if (nests) depth += 1;
  }
  return { text: sql.slice(at + 2, signs.lastIndex - 2), length: signs.lastIndex - at };
}

/**
 * The rules that comments allow: `studio: allow RULE[, RULE] reason…`. Names that are no rules
 * are among them; an empty one stands for a comment that names none.
 */
export function allowedRules(comments: readonly string[]): string[] {
  return comments.flatMap((comment) => {
    const [, list] = /^\s*studio:\s*allow\b\s*([^]*)$/i.exec(comment) ?? [];
    if (list === undefined) return [];
    const [names = ""] = /^[^\s,]*(?:\s*,\s*[^\s,]+)*/.exec(list) ?? [];
    return names.split(",").map((name) => name.trim());
  });
}
