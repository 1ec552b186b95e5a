import type { Stmt } from "sqlite3-parser";
import { StudioError, exitCodes } from "../../../errors.ts";

type Span = Stmt["span"];

/** The text that a part of a statement was written as. */
export function textOf(sql: string, { span }: { span: Span }): string {
  return sql.slice(span.offset, span.offset + span.length);
}

/** Loads the reader of SQLite's statements. */
export async function loadParser(): Promise<(sql: string) => Stmt> {
  const { parseStmt } = await import("sqlite3-parser");
  return (sql) => {
    const result = parseStmt(sql);
    if (result.status === "ok") return result.root;
    throw unreadable(sql, result.errors[0]?.message ?? "");
  };
}

/** @param sql a CREATE statement as SQLite keeps it: it holds no secrets, only names */
function unreadable(sql: string, reason: string): StudioError {
  const start = sql.slice(0, 60).replace(/\s+/g, " ");
  return new StudioError({
    code: "schema.unreadable",
    message: `The schema of the database cannot be read: "${start}…" is beyond what studio knows of SQLite (${reason}).`,
    hint: "Write the statement in another way, or leave this database out of the comparison.",
    exitCode: exitCodes.unavailable,
    details: { reason },
  });
}
