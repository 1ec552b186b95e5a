import type { Term } from "./model.ts";

/** The columns among the terms of a key or an index. */
export function columnsOf(terms: readonly Term[]): string[] {
  return terms.flatMap(({ column }) => (column === undefined ? [] : [column]));
}
