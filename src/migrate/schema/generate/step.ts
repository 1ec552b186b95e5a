import type { Schema } from "../model.ts";

/** One statement of a change from one schema to another, without a semicolon. */
export interface Step {
  sql: string;
  /** Why, for whoever reads the migration. */
  comment?: string;
}

/** A dialect's statements that turn one schema into another, in an order that works. */
export type Alter = (before: Schema, after: Schema) => Step[];

export function steps(...statements: readonly (string | null)[]): Step[] {
  return statements.filter((sql) => sql !== null).map((sql) => ({ sql }));
}
