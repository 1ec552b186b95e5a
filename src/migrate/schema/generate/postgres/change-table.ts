import { pair } from "../../pairs.ts";
import type { Column, Index, Key, Table } from "../../model.ts";
import { sameOptions } from "../../same/table.ts";
import { columnsOf } from "../../terms.ts";
import { type Step, steps } from "../step.ts";
import { changeColumn } from "./change-column.ts";
import { type ConstraintChanges, isPrimary } from "./constraints.ts";
import {
  attach,
  columnSql,
  replicaIdentity,
  sequenceAfter,
  sequenceBefore,
} from "./create-table.ts";
import type { TableChange } from "./table-changes.ts";
import {
  checkSql,
  createIndex,
  deferralSql,
  foreignKeySql,
  indexPath,
  optionList,
  primaryKeySql,
  quote,
  quotePath,
  uniqueSql,
  words,
} from "./write.ts";

/** The columns of a table: what is generated goes first and comes last. */
export function changeColumns(change: TableChange): Step[] {
  const { before, after, columns, remade, retyped } = change;
  const table = `ALTER TABLE ${quotePath(after.name)}`;
  const isRemade = ({ name }: Column) => remade.includes(name);
  const added = [
    ...columns.added,
    ...columns.both.map(([, column]) => column).filter(isRemade),
  ].toSorted(
    (one, other) => Number(one.generated !== undefined) - Number(other.generated !== undefined),
  );
  const dropped = [...before.columns.filter(isRemade), ...columns.removed].toSorted(
    (one, other) => Number(one.generated === undefined) - Number(other.generated === undefined),
  );
  return [
    ...steps(...dropped.map(({ name }) => `${table} DROP COLUMN ${quote(name)}`)),
    ...columns.both
      .filter(([column]) => !isRemade(column))
      .flatMap(([one, other]) =>
        changeColumn({
          before: one,
          after: other,
          table: { before, after },
          isRetyped: one.type === other.type && retyped.includes(one.name),
        }),
      ),
    ...steps(
      ...added.flatMap((column) => [
        ...sequenceBefore(column, after),
        `${table} ADD COLUMN ${columnSql(column, after)}`,
        ...sequenceAfter(column, after),
      ]),
    ),
    ...changeOptions(before, after),
  ];
}

function changeOptions(before: Table, after: Table): Step[] {
  const table = `ALTER TABLE ${quotePath(after.name)}`;
  const [one, other] = [before.partitionOf, after.partitionOf];
  const isMoved = one?.table !== other?.table || one?.bounds !== other?.bounds;
  const partition = steps(
    one !== undefined && isMoved
      ? `ALTER TABLE ${quotePath(one.table)} DETACH PARTITION ${quotePath(after.name)}`
      : null,
    other !== undefined && isMoved ? attach(after.name, other) : null,
  );
  if (sameOptions(before.options, after.options)) return partition;
  const { unlogged: wasUnlogged, "replica identity": oldReplica, ...old } = before.options;
  const { unlogged, "replica identity": replica, ...now } = after.options;
  const reset = Object.keys(old).filter((name) => now[name] === undefined);
  const changed = Object.entries(now).filter(([name, value]) => old[name] !== value);
  return [
    ...partition,
    ...steps(
      unlogged === wasUnlogged
        ? null
        : `${table} SET ${unlogged === "true" ? "UNLOGGED" : "LOGGED"}`,
      replica === oldReplica ? null : replicaIdentity(after.name, replica ?? "default"),
      reset.length === 0 ? null : `${table} RESET (${reset.join(", ")})`,
      changed.length === 0 ? null : `${table} SET (${optionList(Object.fromEntries(changed))})`,
    ),
  ];
}

/** A unique index that becomes the constraint of its name. */
function takenOver(changes: ConstraintChanges): Index[] {
  return changes.indexes.drop.filter((index) =>
    changes.keys.add.some((key) => key.name === index.name && canTakeOver(key, index)),
  );
}

function canTakeOver(key: Key, index: Index): boolean {
  const same = pair(
    columnsOf(key.terms),
    columnsOf(index.terms),
    (name) => name,
    () => true,
  );
  return index.unique === true && same.removed.length + same.added.length === 0;
}

export function dropConstraints(changes: ConstraintChanges, concurrently: boolean): Step[] {
  const { change, keys, checks, exclusions, indexes } = changes;
  const table = `ALTER TABLE ${quotePath(change.before.name)}`;
  const kept = takenOver(changes);
  const constraints = [...exclusions.drop, ...checks.drop, ...keys.drop];
  const renamed = [...exclusions.rename, ...checks.rename, ...keys.rename];
  const drop = `DROP INDEX ${concurrently ? "CONCURRENTLY " : ""}`;
  return steps(
    ...constraints.map(({ name = "" }) => `${table} DROP CONSTRAINT ${quote(name)}`),
    ...indexes.drop
      .filter((index) => !kept.includes(index))
      .map(({ name }) => drop + indexPath(name, change.before.name)),
    ...renamed.map(([from, to]) => `${table} RENAME CONSTRAINT ${quote(from)} TO ${quote(to)}`),
    ...indexes.rename.map(
      ([from, to]) => `ALTER INDEX ${indexPath(from, change.before.name)} RENAME TO ${quote(to)}`,
    ),
  );
}

export function addConstraints(changes: ConstraintChanges, concurrently: boolean): Step[] {
  const { change, keys, checks, exclusions, indexes } = changes;
  const table = `ALTER TABLE ${quotePath(change.after.name)}`;
  const kept = takenOver(changes);
  return steps(
    ...keys.add.map((key) => {
      const index = kept.find(({ name }) => name === key.name);
      return `${table} ADD ${index === undefined ? keySql(key) : usingIndex(key, index)}`;
    }),
    ...checks.add.map((check) => `${table} ADD ${checkSql(check)}`),
    ...exclusions.add.map(
      ({ name, definition }) => `${table} ADD CONSTRAINT ${quote(name)} ${definition}`,
    ),
    ...indexes.add.map((index) => createIndex(index, change.after.name, concurrently)),
    ...checks.validate.map(({ name = "" }) => `${table} VALIDATE CONSTRAINT ${quote(name)}`),
  );
}

function keySql(key: Key): string {
  return isPrimary(key) ? primaryKeySql(key) : uniqueSql(key);
}

function usingIndex(key: Key, index: Index): string {
  const kind = isPrimary(key) ? "PRIMARY KEY" : "UNIQUE";
  const name = quote(key.name ?? index.name);
  return words([`CONSTRAINT ${name} ${kind} USING INDEX ${quote(index.name)}`, deferralSql(key)]);
}

export function dropForeignKeys({ change, foreignKeys }: ConstraintChanges): Step[] {
  const table = `ALTER TABLE ${quotePath(change.before.name)}`;
  return steps(
    ...foreignKeys.drop.map(({ name = "" }) => `${table} DROP CONSTRAINT ${quote(name)}`),
    ...foreignKeys.rename.map(
      ([from, to]) => `${table} RENAME CONSTRAINT ${quote(from)} TO ${quote(to)}`,
    ),
  );
}

export function addForeignKeys({ change, foreignKeys }: ConstraintChanges): Step[] {
  const table = `ALTER TABLE ${quotePath(change.after.name)}`;
  return steps(
    ...foreignKeys.add.map((key) => `${table} ADD ${foreignKeySql(key)}`),
    ...foreignKeys.validate.map(({ name = "" }) => `${table} VALIDATE CONSTRAINT ${quote(name)}`),
  );
}
