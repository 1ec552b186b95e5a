/**
 * What a finding is about:
 * - `breaks`: statements of the release that is still running fail, or do something else;
 * - `blocks`: its readers or writers wait while the statement goes over a whole table;
 * - `fails`: the migration itself cannot be applied, or not be undone as one;
 * - `unknown`: the lint cannot see what the statement does.
 */
export type Effect = "breaks" | "blocks" | "fails" | "unknown";

/** Only an error keeps a set of migrations from being safe. */
export type Level = "error" | "warning";

export interface Finding {
  rule: string;
  effect: Effect;
  level: Level;
  /** The migration's name. */
  migration: string;
  file: string;
  /** From 1; null where a program made the statement, or where it is about the whole migration. */
  line: number | null;
  /** The statement on one line, cut to 120 characters; null for the whole migration. */
  statement: string | null;
  /** What would happen, to whom, as sentences. */
  message: string;
  /** The safe way: sentences and SQL, possibly on several lines. */
  rewrite: string;
}
