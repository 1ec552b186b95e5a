import type { Knex } from "knex";

export interface QueryEnd {
  /** What the statement does: select, insert, update, del, raw. */
  operation: string;
  outcome: "success" | "failure";
  milliseconds: number;
}

interface Query {
  /** knex's own id of the statement. */
  __knexQueryUid: string;
  method?: string;
}

/** Reports every statement that runs through `database`; never its text or values. */
export function watchQueries(database: Knex, finished: (end: QueryEnd) => void): void {
  const starts = new Map<string, number>();
  const end = (query: Query, outcome: QueryEnd["outcome"]): void => {
    const { __knexQueryUid: id, method: operation = "raw" } = query;
    const start = starts.get(id);
    starts.delete(id);
    if (start === undefined) return;
    finished({ operation, outcome, milliseconds: performance.now() - start });
  };
  database.on("query", ({ __knexQueryUid: id }: Query) => starts.set(id, performance.now()));
  database.on("query-response", (_response: unknown, query: Query) => end(query, "success"));
  database.on("query-error", (_error: unknown, query: Query) => end(query, "failure"));
}
