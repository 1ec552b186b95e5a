import type { Index, Key, Table, Term } from "./model.ts";

/** The columns among the terms of a key or an index. */
export function columnsOf(terms: readonly Term[]): string[] {
  return terms.flatMap(({ column }) => (column === undefined ? [] : [column]));
}

/** Whether foreign keys can refer to these columns by a key, in whatever order it has them. */
export function isKeyFor(key: Key | Index, columns: readonly string[]): boolean {
  const own = columnsOf(key.terms);
  const isPartial = "predicate" in key && key.predicate !== undefined;
  const isWhole = own.length === key.terms.length && !isPartial;
  return isWhole && own.length === columns.length && columns.every((one) => own.includes(one));
}

/** The primary key, the unique constraints, and the unique indexes. */
export function allKeys({ primaryKey, uniques, indexes }: Table): (Key | Index)[] {
  const unique = indexes.filter((index) => index.unique === true);
  return [...(primaryKey === undefined ? [] : [primaryKey]), ...uniques, ...unique];
}
