import type { ForeignKey, Schema, Table } from "../../model.ts";
import { pair } from "../../pairs.ts";
import { sameForeignKey } from "../../same/table.ts";
import { columnsOf } from "../../terms.ts";
import { type Step, steps } from "../step.ts";
import { type TableChange, hasOwnIndex } from "./table-change.ts";
import { foreignKeySql, quote, quoteList } from "./write.ts";

export interface ForeignKeyChange {
  change: TableChange;
  drop: ForeignKey[];
  add: ForeignKey[];
  /** Those that stay, and need an index of their own from now on, or no longer. */
  ownIndex: { add: ForeignKey[]; drop: ForeignKey[] };
}

/**
 * A foreign key is in the way of every change of its columns, on both sides, and of the indexes
 * that serve it: it is dropped and added again.
 */
export function foreignKeyChanges(changes: readonly TableChange[]): ForeignKeyChange[] {
  return changes.map((change) => {
    const isForced = (key: ForeignKey) =>
      isInTheWay(change, key.columns) || isReferredInTheWay(changes, key);
    const isSame = (one: ForeignKey, other: ForeignKey) =>
      one.name === other.name && sameForeignKey(one, other, "mysql") && !isForced(one);
    const { before, after } = change;
    const pairs = pair(before.foreignKeys, after.foreignKeys, () => undefined, isSame);
    const own = pairs.both.map(([one, other]) => ({
      key: other,
      had: hasOwnIndex(before, one),
      has: hasOwnIndex(after, other),
    }));
    return {
      change,
      drop: pairs.removed,
      add: pairs.added,
      ownIndex: {
        add: own.filter(({ had, has }) => has && !had).map(({ key }) => key),
        drop: own.filter(({ had, has }) => had && !has).map(({ key }) => key),
      },
    };
  });
}

function isInTheWay(change: TableChange, columns: readonly string[]): boolean {
  const moved = [
    ...change.modified.map(({ name }) => name),
    ...change.remade,
    ...change.columns.removed.map(({ name }) => name),
  ];
  const gone = [
    ...change.indexes.drop.map(({ terms }) => terms),
    ...(change.newKey ? [change.before.primaryKey?.terms ?? []] : []),
  ];
  return (
    columns.some((name) => moved.includes(name)) ||
    gone.some((terms) => columns.every((name, index) => columnsOf(terms)[index] === name))
  );
}

function isReferredInTheWay(changes: readonly TableChange[], key: ForeignKey): boolean {
  const parent = changes.find(({ before }) => before.name === key.table);
  return parent !== undefined && isInTheWay(parent, key.referenced);
}

export function dropForeignKeys({ change, drop }: ForeignKeyChange): Step[] {
  return steps(...drop.map((key) => dropSql(change.before, key)));
}

function dropSql(table: Table, key: ForeignKey): string {
  const name = quote(key.name ?? "");
  const index = hasOwnIndex(table, key) ? `, DROP INDEX ${name}` : "";
  return `ALTER TABLE ${quote(table.name)} DROP FOREIGN KEY ${name}${index}`;
}

/** Tables that refer to each other cannot be dropped one after the other. */
export function dropForeignKeysAmong(removed: readonly Table[]): Step[] {
  const names = removed.map(({ name }) => name);
  return steps(
    ...removed.flatMap((table) =>
      table.foreignKeys
        .filter((key) => key.table !== table.name && names.includes(key.table))
        .map((key) => `ALTER TABLE ${quote(table.name)} DROP FOREIGN KEY ${quote(key.name ?? "")}`),
    ),
  );
}

export function addForeignKeys(table: Table, keys: readonly ForeignKey[]): Step[] {
  return steps(...keys.map((key) => `ALTER TABLE ${quote(table.name)} ${addSql(table, key)}`));
}

/** The index is made by name: one that the server makes may go without being asked. */
function addSql(table: Table, key: ForeignKey): string {
  const index = hasOwnIndex(table, key) ? `${addIndex(key)}, ` : "";
  return `${index}ADD ${foreignKeySql(key)}`;
}

export function addIndex(key: ForeignKey): string {
  return `ADD INDEX ${quote(key.name ?? "")} (${quoteList(key.columns)})`;
}

/** What is declared, with the indexes of foreign keys that are there beside others that serve. */
export function withKeptIndexes(live: Schema, declared: Schema): Schema {
  return {
    ...declared,
    tables: declared.tables.map((table) => {
      const old = live.tables.find(({ name }) => name === table.name);
      if (old === undefined) return table;
      const foreignKeys = table.foreignKeys.map((key) => {
        const twin = old.foreignKeys.find(({ name }) => name === key.name);
        const isBeside =
          twin?.ownIndex === true && !hasOwnIndex(old, { ...twin, ownIndex: undefined });
        return isBeside ? { ...key, ownIndex: true } : key;
      });
      return { ...table, foreignKeys };
    }),
  };
}
