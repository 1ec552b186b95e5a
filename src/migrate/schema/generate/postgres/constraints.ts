import type { ForeignKey, Index, Key, Table } from "../../model.ts";
import { pairByName, takeTwins } from "../../pairs.ts";
import * as same from "../../same/table.ts";
import { isKeyFor } from "../../terms.ts";
import { uses } from "../withheld.ts";
import { type TableChange, movedColumns } from "./table-changes.ts";

/** What is to be dropped, added, renamed and validated of one kind of constraint of a table. */
export interface ListChange<T> {
  drop: T[];
  add: T[];
  rename: [from: string, to: string][];
  validate: T[];
}

type Named = { name?: string; notValid?: boolean };

/**
 * @param isForced what must be dropped and added again although it stays the same
 */
export function listChange<T extends Named>(
  before: readonly T[],
  after: readonly T[],
  isSame: (one: T, other: T, dialect: "postgres") => boolean,
  isForced: (thing: T) => boolean,
): ListChange<T> {
  const named = (list: readonly T[]) => list.map((one) => ({ name: one.name ?? "", one }));
  const pairs = pairByName(named(before), named(after));
  const twins = pairs.both.map(([{ one }, { one: other }]) => [one, other] as const);
  const changed = twins.filter(([one, other]) => isForced(one) || !isSame(one, other, "postgres"));
  const kept = twins.filter((pair) => !changed.includes(pair));
  const removed = pairs.removed.map(({ one }) => one);
  const added = pairs.added.map(({ one }) => one);
  const isTwin = (one: T, other: T) => isSame(one, other, "postgres") && !isForced(one);
  const renamed = takeTwins(removed, added, isTwin);
  return {
    drop: [...removed, ...changed.map(([one]) => one)],
    add: [...added, ...changed.map(([, other]) => other)],
    rename: renamed.map(([one, other]) => [one.name ?? "", other.name ?? ""]),
    validate: [...kept, ...renamed]
      .filter(([one, other]) => one.notValid === true && other.notValid !== true)
      .map(([, other]) => other),
  };
}

export interface ConstraintChanges {
  change: TableChange;
  keys: ListChange<Key>;
  checks: ListChange<Table["checks"][number]>;
  exclusions: ListChange<Table["exclusions"][number]>;
  indexes: ListChange<Index>;
  foreignKeys: ListChange<ForeignKey>;
}

/** The changes of all constraints, but for foreign keys, which depend on those of other tables. */
function ownChanges(change: TableChange): Omit<ConstraintChanges, "foreignKeys"> {
  const { before, after, unsettled } = change;
  const isForced = (thing: Parameters<typeof uses>[0]) => uses(thing, unsettled, "postgres");
  return {
    change,
    keys: listChange(keysOf(before), keysOf(after), sameKind, isForced),
    checks: listChange(before.checks, after.checks, same.sameCheck, isForced),
    exclusions: listChange(before.exclusions, after.exclusions, same.sameExclusion, isForced),
    indexes: listChange(before.indexes, after.indexes, same.sameIndex, isForced),
  };
}

type MarkedKey = Key & { isPrimary?: true };

/** The primary key and the unique constraints: PostgreSQL has their names in one list. */
export function keysOf({ primaryKey, uniques }: Table): MarkedKey[] {
  return [
    ...(primaryKey === undefined ? [] : [{ ...primaryKey, isPrimary: true as const }]),
    ...uniques,
  ];
}

export function isPrimary(key: MarkedKey): boolean {
  return key.isPrimary === true;
}

function sameKind(one: MarkedKey, other: MarkedKey, dialect: "postgres"): boolean {
  return isPrimary(one) === isPrimary(other) && same.sameKey(one, other, dialect);
}

/** The changes of all constraints of the tables that stay. */
export function constraintChanges(changes: readonly TableChange[]): ConstraintChanges[] {
  const own = changes.map(ownChanges);
  const isForced = (owner: TableChange) => (key: ForeignKey) => {
    const moved = movedColumns(owner);
    if (key.columns.some((column) => moved.has(column))) return true;
    const parent = own.find(({ change }) => change.before.name === key.table);
    if (parent === undefined) return false;
    const parentMoved = movedColumns(parent.change);
    const indexes = parent.indexes.drop.filter(({ unique }) => unique === true);
    return (
      key.referenced.some((column) => parentMoved.has(column)) ||
      [...parent.keys.drop, ...indexes].some((one) => isKeyFor(one, key.referenced))
    );
  };
  return own.map((one) => {
    const { before: old, after } = one.change;
    return {
      ...one,
      foreignKeys: listChange(
        old.foreignKeys,
        after.foreignKeys,
        same.sameForeignKey,
        isForced(one.change),
      ),
    };
  });
}
