import type { Knex } from "knex";

/** Where a statement came from, and what became of it. */
export interface StatementOrigin {
  /** Its stack leads through the line of code that built the statement. */
  built: Error | null;
  /** Told the rows that the statement changed, once the database has answered. */
  onRows: ((rows: number) => void) | null;
}

/** What knex tells of a builder: each of its statements passes `query`, then `query-response`. */
interface Builder {
  on(event: string, listener: (...values: unknown[]) => void): void;
  _asyncStack?: { error?: Error };
}

/**
 * Tells where the statement comes from that is reaching the session's gate in this very turn: knex
 * announces each statement of a builder in the turn in which it sends it.
 */
export function traceOrigins(session: Knex): () => StatementOrigin | null {
  let current: StatementOrigin | null = null;
  session.on("start", (builder: Builder) => {
    const origin: StatementOrigin = { built: builder["_asyncStack"]?.error ?? null, onRows: null };
    builder.on("query", () => {
      origin.onRows = null;
      current = origin;
    });
    builder.on("query-response", (_response, query) => {
      const rows = changedRows((query as { response?: unknown }).response);
      if (rows !== null) origin.onRows?.(rows);
    });
  });
  return () => current;
}

/** Of the answers of `pg` (several for several statements), `mysql2` and `better-sqlite3`. */
function changedRows(response: unknown): number | null {
  const answers: unknown[] = Array.isArray(response) ? response : [response];
  const counts = answers.flatMap((answer) => {
    if (typeof answer !== "object" || answer === null) return [];
    const { command, rowCount, affectedRows, changes } = answer as Record<string, unknown>;
    if (typeof rowCount === "number") return changing.has(String(command)) ? [rowCount] : [];
    return [affectedRows, changes].filter((count) => typeof count === "number");
  });
  return counts.length === 0 ? null : counts.reduce((one, other) => one + other, 0);
}

const changing = new Set(["INSERT", "UPDATE", "DELETE", "MERGE", "COPY"]);
