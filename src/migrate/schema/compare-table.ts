import type { Dialect } from "../../database/address.ts";
import type { SchemaDifference } from "./compare.ts";
import { sameWords } from "./expression/same.ts";
import * as describe from "./describe.ts";
import type { Column, Table } from "./model.ts";
import { type Difference, compareLists, compareValues } from "./differences.ts";
import * as same from "./same/table.ts";

/** What is different between two tables of the same name. */
export function compareTables(
  before: Table,
  after: Table,
  dialect: Dialect,
  columnOrder: boolean,
): SchemaDifference[] {
  const part = <T extends Part>(
    what: string,
    listOf: (table: Table) => readonly T[],
    isSame: (one: T, other: T, dialect: Dialect) => boolean,
    words: (thing: T, dialect: Dialect) => string,
  ): Difference[] =>
    compareLists(what, listOf(before), listOf(after), {
      path: ({ name }) => `${before.name}.${name ?? what}`,
      isSame: (one, other) => isSame(one, other, dialect) && sameRest(one, other),
      words: (thing) => words(thing, dialect),
    });
  return [
    ...part("column", ({ columns }) => columns, same.sameColumn, describe.describeColumn),
    ...(columnOrder ? compareOrder(before, after) : []),
    ...comparePrimaryKeys(before, after, dialect),
    ...part("unique constraint", ({ uniques }) => uniques, same.sameKey, describe.describeKey),
    ...part("index", ({ indexes }) => indexes, same.sameIndex, describe.describeIndex),
    ...part(
      "foreign key",
      ({ foreignKeys }) => foreignKeys,
      same.sameForeignKey,
      describe.describeForeignKey,
    ),
    ...part("check", ({ checks }) => checks, same.sameCheck, describe.describeCheck),
    ...part(
      "exclusion",
      ({ exclusions }) => exclusions,
      same.sameExclusion,
      ({ definition }) => definition,
    ),
    ...compareRest(before, after, dialect),
  ];
}

interface Part {
  name?: string;
  comment?: string;
  notValid?: boolean;
}

function sameRest(one: Part, other: Part): boolean {
  return one.comment === other.comment && one.notValid === other.notValid;
}

/** There is one at most: another name is a change of it. */
function comparePrimaryKeys(before: Table, after: Table, dialect: Dialect): Difference[] {
  return compareLists("primary key", keyOf(before), keyOf(after), {
    path: ({ name }) => `${before.name}.${name ?? "primary key"}`,
    identity: () => "primary key",
    isSame: (one, other) =>
      same.sameKey(one, other, dialect) && sameRest(one, other) && one.name === other.name,
    words: (key) => describe.describeKey(key, dialect),
  });
}

function compareRest(before: Table, after: Table, dialect: Dialect): Difference[] {
  const policies = (table: Table) => table.rowSecurity?.policies ?? [];
  const value = (what: string, read: (table: Table) => string | undefined) =>
    compareValues(what, before.name, read(before), read(after));
  return [
    ...compareLists("policy", policies(before), policies(after), {
      path: ({ name }) => `${before.name}.${name}`,
      isSame: (one, other) => same.samePolicy(one, other, dialect),
      words: describe.describePolicy,
    }),
    ...value("row security", ({ rowSecurity }) => securityWords(rowSecurity)),
    ...value("options", ({ options }) => describe.describeOptions(options)),
    ...(sameWords(before.partitionBy ?? "", after.partitionBy ?? "", dialect)
      ? []
      : value("partitioning", ({ partitionBy }) => partitionBy)),
    ...value("partition", ({ partitionOf }) =>
      partitionOf === undefined ? undefined : `of ${partitionOf.table} ${partitionOf.bounds}`,
    ),
    ...value("comment", ({ comment }) => comment),
  ];
}

function keyOf({ primaryKey }: Table) {
  return primaryKey === undefined ? [] : [primaryKey];
}

function securityWords(security: Table["rowSecurity"]): string | undefined {
  if (security === undefined || !(security.enabled || security.forced)) return undefined;
  return [security.enabled && "enabled", security.forced && "forced"].filter(Boolean).join(", ");
}

/** Only of the columns that both have. */
function compareOrder(before: Table, after: Table): Difference[] {
  const names = (table: Table, other: Table) =>
    table.columns.map(nameOf).filter((name) => other.columns.map(nameOf).includes(name));
  const [one, other] = [names(before, after).join(", "), names(after, before).join(", ")];
  return compareValues("column order", before.name, one, other);
}

function nameOf({ name }: Column): string {
  return name;
}
