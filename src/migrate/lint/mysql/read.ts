import type { SchemaAction } from "../actions.ts";
import { type ReadStatement, type StatementReader, asRead } from "../reader.ts";
import { type Parse, readAlterTable } from "./alter-table.ts";
import { readGap } from "./gaps.ts";
import { isOnline, readParsed } from "./statements.ts";
import { type Token, longestStretch, tokensOf } from "./tokens.ts";

/**
 * The most tokens in a row that the parser is given without a comma or a parenthesis: a chain of
 * some 800 operators overflows its stack, after which it reads nothing any more.
 */
const longestChain = 1000;

/** A parser of several dialects (sqlparser-rs), compiled to WebAssembly, with its gaps filled. */
export async function openMysqlReader(): Promise<StatementReader> {
  const { init, parse } = await import("@guanmingchiu/sqlparser-ts");
  await init();
  return (sql) => {
    try {
      return readStatement(sql, (text) => parse(text, "mysql"));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return unreadable(reason.replace(/^sql parser error: /, ""));
    }
  };
}

function readStatement(sql: string, parse: Parse): ReadStatement {
  const tokens = tokensOf(sql);
  const ends = definesRoutine(tokens) ? [] : tokens.filter(isSemicolon).map(({ start }) => start);
  if (ends.length === 0) return readOne(sql, tokens, parse);
  const starts = [0, ...ends.map((end) => end + 1)];
  const parts = starts.map((start, index) => sql.slice(start, ends[index]));
  const read = parts.map((part) => readOne(part, tokensOf(part), parse));
  return asRead(
    read.flatMap(({ actions }) => actions),
    read.every(({ online }) => online),
  );
}

/** Its body has semicolons of its own. */
function definesRoutine(tokens: readonly Token[]): boolean {
  const routines = ["TRIGGER", "PROCEDURE", "FUNCTION", "EVENT"];
  const head = tokens.slice(0, 15);
  return head[0]?.text === "CREATE" && head.some(({ text }) => routines.includes(text));
}

function isSemicolon({ kind, text }: Token): boolean {
  return kind === "symbol" && text === ";";
}

function readOne(sql: string, tokens: Token[], parse: Parse): ReadStatement {
  if (tokens.length === 0) return asRead([]);
  if (longestStretch(tokens) > longestChain) return unreadable("one expression is too long");
  const altered = readAlterTable(sql, tokens, parse);
  if (altered !== null) return asRead(altered.actions, altered.online);
  const gap = readGap(sql, tokens);
  if (gap !== null) return asRead(gap);
  const statements = parse(sql);
  return asRead(statements.flatMap(readParsed), statements.some(isOnline));
}

function unreadable(reason: string): ReadStatement {
  const actions: SchemaAction[] = [{ kind: "unreadable", reason }];
  return asRead(actions);
}
