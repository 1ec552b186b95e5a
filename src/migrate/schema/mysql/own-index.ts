import type { ForeignKey, Index, Table } from "../model.ts";
import { columnsOf } from "../terms.ts";

/** The server makes an index for a foreign key where there is none that serves. */
export function leaveOutOwnIndexes(table: Table): void {
  for (const key of table.foreignKeys) {
    const own = table.indexes.find((index) => isOwnIndex(index, key));
    if (own === undefined) continue;
    key.ownIndex = true;
    table.indexes = table.indexes.filter((index) => index !== own);
  }
}

function isOwnIndex(index: Index, key: ForeignKey): boolean {
  return (
    index.name === key.name &&
    index.unique !== true &&
    columnsOf(index.terms).join("\0") === key.columns.join("\0") &&
    index.terms.every(({ descending, length }) => descending !== true && length === undefined)
  );
}
