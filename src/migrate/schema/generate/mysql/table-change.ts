import { mentions } from "../../expression/mentions.ts";
import type { Check, Column, ForeignKey, Index, Key, Schema, Table } from "../../model.ts";
import { type Pairs, pair, pairByName, takeTwins } from "../../pairs.ts";
import * as same from "../../same/table.ts";
import { uses } from "../withheld.ts";

/** What happens to a table that is there before and after. */
export interface TableChange {
  before: Table;
  after: Table;
  columns: Pairs<Column>;
  /** Columns that MODIFY changes. */
  modified: Column[];
  /** Generated columns that are dropped and added again, which computes their values anew. */
  remade: string[];
  indexes: { drop: Index[]; add: Index[]; rename: [from: string, to: string][] };
  checks: { drop: Check[]; add: Check[] };
  newKey: boolean;
}

export function tableChanges(before: Schema, after: Schema): TableChange[] {
  return pairByName(before.tables, after.tables).both.map(([one, other]) =>
    tableChange(one, other),
  );
}

function tableChange(before: Table, after: Table): TableChange {
  const columns = pairByName(before.columns, after.columns);
  const remade = columns.both
    .filter(([one, other]) => isRemade(one, other, columns.removed))
    .map(([one]) => one.name);
  const collation = before.options["collation"] !== after.options["collation"];
  const modified = columns.both
    .filter(([one]) => !remade.includes(one.name))
    .filter(
      ([one, other]) =>
        !same.sameColumn(one, other, "mysql") ||
        one.comment !== other.comment ||
        !sameOwnChecks(before, after, other.name) ||
        // A column keeps its collation when that of the table changes.
        (collation && /char|text|enum|set/.test(other.type) && other.collation === undefined),
    )
    .map(([, other]) => other);
  return {
    before,
    after,
    columns,
    modified,
    remade,
    indexes: indexChanges(before, after, remade),
    checks: checkChanges(before, after, [...remade, ...columns.removed.map(({ name }) => name)]),
    newKey: !sameKeys(before.primaryKey, after.primaryKey),
  };
}

function isRemade(one: Column, other: Column, removed: readonly Column[]): boolean {
  if (one.generated === undefined && other.generated === undefined) return false;
  if (one.generated?.stored === true && other.generated === undefined) return false;
  return (
    !same.sameColumn(one, other, "mysql") ||
    removed.some(({ name }) => mentions(one.generated?.expression ?? "", name, "mysql"))
  );
}

function sameKeys(one: Key | undefined, other: Key | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return same.sameKey(one, other, "mysql");
}

/** The checks that are part of a column's definition, in MariaDB. */
function sameOwnChecks(before: Table, after: Table, name: string): boolean {
  const own = ({ checks }: Table) => checks.filter(({ column }) => column === name);
  const { removed, added } = pair(own(before), own(after), () => undefined, sameChecks);
  return removed.length + added.length === 0;
}

function sameChecks(one: Check, other: Check): boolean {
  return one.name === other.name && same.sameCheck(one, other, "mysql");
}

function checkChanges(
  before: Table,
  after: Table,
  moved: readonly string[],
): TableChange["checks"] {
  const own = ({ checks }: Table) => checks.filter(({ column }) => column === undefined);
  const isSame = (one: Check, other: Check) => sameChecks(one, other) && !uses(one, moved, "mysql");
  const { removed, added } = pair(own(before), own(after), () => undefined, isSame);
  return { drop: removed, add: added };
}

function indexChanges(
  before: Table,
  after: Table,
  remade: readonly string[],
): TableChange["indexes"] {
  const isSame = (one: Index, other: Index) =>
    same.sameIndex(one, other, "mysql") &&
    one.comment === other.comment &&
    !uses(one, remade, "mysql");
  const kept = (one: Index, other: Index) => one.name === other.name && isSame(one, other);
  const { removed, added } = pair(before.indexes, after.indexes, () => undefined, kept);
  const taken = new Set(before.indexes.map(({ name }) => name));
  const twins = takeTwins(
    removed,
    added,
    (one, other) => isSame(one, other) && !taken.has(other.name),
  );
  const rename = twins.map(([one, other]): [string, string] => [one.name, other.name]);
  return { drop: removed, add: added, rename };
}

/** Whether the server needs an index of the foreign key's own, because no other one serves. */
export function hasOwnIndex(table: Table, key: ForeignKey): boolean {
  if (key.ownIndex === true) return true;
  const lists = [
    ...(table.primaryKey === undefined ? [] : [table.primaryKey.terms]),
    // A full-text index serves nobody, nor does one on a part of a text.
    ...table.indexes.filter(({ method }) => method === undefined).map(({ terms }) => terms),
  ];
  const starts = (columns: readonly (string | undefined)[]) =>
    key.columns.every((name, index) => columns[index] === name);
  const isCovered = lists.some((terms) =>
    starts(terms.map(({ column, length }) => (length === undefined ? column : undefined))),
  );
  const earlier = table.foreignKeys.slice(0, table.foreignKeys.indexOf(key));
  return !isCovered && !earlier.some(({ columns }) => starts(columns));
}
