import type { Schema, Table } from "../../model.ts";
import { pairByName } from "../../pairs.ts";
import { type Step, steps } from "../step.ts";
import {
  addConstraints,
  addForeignKeys,
  changeColumns,
  dropConstraints,
  dropForeignKeys,
} from "./change-table.ts";
import { commentSteps } from "./comments.ts";
import { type ConstraintChanges, constraintChanges } from "./constraints.ts";
import { createTable } from "./create-table.ts";
import * as objects from "./objects.ts";
import { routineChanges } from "./routines.ts";
import { dropPolicies, policyChanges, securitySteps } from "./security.ts";
import { type TableChange, isInTheWay, tableChanges } from "./table-changes.ts";
import { typeChanges } from "./types.ts";
import { createIndex, foreignKeySql, quote, quotePath } from "./write.ts";

export interface AlterOptions {
  /** Indexes are made and dropped without blocking; then nothing else may be different. */
  concurrently?: boolean;
}

/** The statements that turn one PostgreSQL schema into another. */
export function alterPostgres(
  before: Schema,
  after: Schema,
  { concurrently = false }: AlterOptions = {},
): Step[] {
  const types = typeChanges(before, after);
  const changes = tableChanges(before, after, types.remade);
  const constraints = constraintChanges(changes);
  const tables = pairByName(before.tables, after.tables);
  const gone = tables.removed.map(({ name }) => name);
  const views = objects.viewChanges(before, after, changes, gone);
  const lost = [...gone, ...views.drop.map(({ name }) => name)];
  const triggers = objects.triggerChanges(before, after, changes, lost);
  const routines = routineChanges(before, after);
  const sequences = objects.sequenceChanges(before, after);
  const places = objects.placeChanges(before, after);
  const added = partitionsLast(tables.added);
  return [
    ...objects.dropTriggers(triggers),
    ...changes.flatMap(dropPoliciesOf),
    ...objects.dropViews(views),
    ...constraints.flatMap(dropForeignKeys),
    ...dropForeignKeysAmong(tables.removed),
    ...routines.dropFirst,
    ...steps(
      ...partitionsLast(tables.removed)
        .toReversed()
        .map(({ name }) => `DROP TABLE ${quotePath(name)}`),
    ),
    ...constraints.flatMap((one) => dropConstraints(one, concurrently)),
    ...places.create,
    ...types.create,
    ...sequences.create,
    ...routines.createFirst,
    ...changes.flatMap(changeColumns),
    ...added.flatMap(createTable),
    ...constraints.flatMap((one) => addConstraints(one, concurrently)),
    ...steps(...added.flatMap(indexesOf)),
    ...constraints.flatMap(addForeignKeys),
    ...steps(...added.flatMap(foreignKeysOf)),
    ...routines.createLast,
    ...objects.createViews(views),
    ...objects.createTriggers(triggers),
    ...changes.flatMap((change) =>
      securitySteps(change.before, change.after, remadePolicies(change)),
    ),
    ...commentSteps(before, after, isRemade(constraints, views.create, triggers.create)),
    ...sequences.drop,
    ...routines.dropLast,
    ...types.drop,
    ...places.drop,
  ];
}

/** A partition comes after its table. */
function partitionsLast(tables: readonly Table[]): Table[] {
  const depth = (table: Table): number => {
    const parent = tables.find(({ name }) => name === table.partitionOf?.table);
    return parent === undefined ? 0 : 1 + depth(parent);
  };
  return tables.toSorted((one, other) => depth(one) - depth(other));
}

/** Tables that refer to each other cannot be dropped one after the other. */
function dropForeignKeysAmong(removed: readonly Table[]): Step[] {
  const names = removed.map(({ name }) => name);
  return steps(
    ...removed.flatMap(({ name, foreignKeys }) =>
      foreignKeys
        .filter(({ table }) => table !== name && names.includes(table))
        .map((key) => `ALTER TABLE ${quotePath(name)} DROP CONSTRAINT ${quote(key.name ?? "")}`),
    ),
  );
}

function remadePolicies(change: TableChange): Set<string> {
  const policies = change.before.rowSecurity?.policies ?? [];
  const inTheWay = policies.filter(({ using = "", check = "" }) =>
    isInTheWay(`${using} ${check}`, change),
  );
  return new Set(inTheWay.map(({ name }) => name));
}

function dropPoliciesOf(change: TableChange): Step[] {
  const remade = remadePolicies(change);
  const { drop } = policyChanges(change.before, change.after, ({ name }) => remade.has(name));
  return dropPolicies(drop, change.before.name);
}

function indexesOf({ name, indexes }: Table): string[] {
  return indexes.map((index) => createIndex(index, name));
}

function foreignKeysOf({ name, foreignKeys }: Table): string[] {
  return foreignKeys.map((key) => `ALTER TABLE ${quotePath(name)} ADD ${foreignKeySql(key)}`);
}

/** What was dropped and made again has lost its comment. */
function isRemade(
  constraints: readonly ConstraintChanges[],
  views: readonly { name: string; indexes: readonly { name: string }[] }[],
  triggers: readonly { name: string; table: string }[],
): (target: string) => boolean {
  const targets = new Set<string>();
  for (const { change, keys, checks, exclusions, foreignKeys, indexes } of constraints) {
    const table = quotePath(change.after.name);
    for (const { name = "" } of [
      ...keys.add,
      ...checks.add,
      ...exclusions.add,
      ...foreignKeys.add,
    ]) {
      targets.add(`CONSTRAINT ${quote(name)} ON ${table}`);
    }
    for (const { name } of indexes.add) targets.add(`INDEX ${quote(name)}`);
    for (const name of change.remade) targets.add(`COLUMN ${table}.${quote(name)}`);
  }
  for (const { name, indexes } of views) {
    targets.add(`VIEW ${quotePath(name)}`).add(`MATERIALIZED VIEW ${quotePath(name)}`);
    for (const index of indexes) targets.add(`INDEX ${quote(index.name)}`);
  }
  for (const { name, table } of triggers)
    targets.add(`TRIGGER ${quote(name)} ON ${quotePath(table)}`);
  return (target) => targets.has(target);
}
