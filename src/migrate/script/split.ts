import type { Dialect } from "../../database/address.ts";
import { MysqlShape } from "./mysql-shape.ts";
import { MysqlTokens } from "./mysql-tokens.ts";
import { PostgresShape } from "./postgres-shape.ts";
import { PostgresTokens } from "./postgres-tokens.ts";
import { Script } from "./script.ts";
import { SqliteShape } from "./sqlite-shape.ts";
import { SqliteTokens } from "./sqlite-tokens.ts";
import type { ScriptStatement } from "./statement.ts";
import type { StatementShape, Token, TokenReader } from "./token.ts";

/** A statement as a stretch of a text. */
export interface FoundStatement {
  type: "statement";
  /** Where it begins, with the comments before it. */
  start: number;
  /** Where its first word begins. */
  body: number;
  /** Where its last word ends. */
  end: number;
}

export interface FoundComment {
  type: "comment";
  start: number;
  end: number;
  /** It stands within a statement. */
  inside: boolean;
}

/**
 * Cuts a text of SQL into its statements, each without the semicolon that ends it and with the
 * comments before it. What is empty but for comments is left out.
 * @param file what the text was read from, for messages
 * @throws StudioError `migration.invalid` with the line: what begins and has no end, commands of
 *   the databases' own clients, statements that begin or end a transaction
 */
export function splitStatements(
  text: string,
  dialect: Dialect,
  file = "script.sql",
): ScriptStatement[] {
  const script = new Script(text, file);
  const found = [...findStatements(script, dialect)];
  return found.filter((one) => one.type === "statement").map((one) => statementOf(script, one));
}

export function statementOf(
  script: Script,
  { start, end }: Pick<FoundStatement, "start" | "end">,
): ScriptStatement {
  return { sql: script.text.slice(start, end), line: script.lineAt(start) };
}

/**
 * The statements and comments of a text in their order; a comment before a statement comes first.
 * @param cuts a comment that ends the statement in which it stands, as a semicolon would
 */
export function* findStatements(
  script: Script,
  dialect: Dialect,
  cuts: (comment: FoundComment) => boolean = () => false,
): Generator<FoundStatement | FoundComment> {
  refuseNul(script);
  const { tokens, shape } = readingOf(script, dialect);
  let open: OpenStatement | null = null;
  /** Where the comments begin that belong to the next statement. */
  let leading: number | null = null;
  let lastEnd: number | null = null;
  for (let token = tokens.next(true); token !== null; token = tokens.next(open === null)) {
    const { start, end } = token;
    if (token.kind === "comment") {
      const comment: FoundComment = { type: "comment", start, end, inside: open !== null };
      if (cuts(comment)) {
        if (open !== null) yield close(open);
        open = null;
        leading = null;
      } else if (open === null && !isAside(script, token, lastEnd)) leading ??= start;
      yield comment;
      continue;
    }
    open ??= { shape: shape(token), first: token, last: null, leading };
    if (!open.shape.ends(token)) {
      open.last = token;
      continue;
    }
    if (open.last !== null) yield close(open);
    open = null;
    leading = null;
    lastEnd = end;
  }
  tokens.finish();
  if (open !== null) yield close(open);
}

interface OpenStatement {
  shape: StatementShape;
  leading: number | null;
  first: Token;
  /** Null for one that is empty. */
  last: Token | null;
}

function close({ shape, leading, first, last }: OpenStatement): FoundStatement {
  shape.finish();
  const start = leading ?? first.start;
  return { type: "statement", start, body: first.start, end: (last ?? first).end };
}

/** A comment behind the semicolon of a statement, up to the end of the line, speaks of that one. */
function isAside(script: Script, { start }: Token, lastEnd: number | null): boolean {
  if (lastEnd === null || script.text.startsWith("/*", start)) return false;
  return !script.text.slice(lastEnd, start).includes("\n");
}

interface Reading {
  tokens: TokenReader;
  shape: (first: Token) => StatementShape;
}

function readingOf(script: Script, dialect: Dialect): Reading {
  if (dialect === "postgres") {
    const shape = (first: Token) => new PostgresShape(script, first);
    return { tokens: new PostgresTokens(script), shape };
  }
  if (dialect === "sqlite") {
    const shape = (first: Token) => new SqliteShape(script, first);
    return { tokens: new SqliteTokens(script), shape };
  }
  const tokens = new MysqlTokens(script);
  return { tokens, shape: (first) => new MysqlShape(script, first, tokens.hasDelimiter) };
}

function refuseNul(script: Script): void {
  const at = script.text.indexOf("\0");
  if (at >= 0) script.refuse(at, "it holds the character NUL; a file in UTF-16 must become UTF-8");
}
