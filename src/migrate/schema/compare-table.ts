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
  const at = (name: string | undefined, otherwise: string) => `${before.name}.${name ?? otherwise}`;
  const isSame =
    <T extends { comment?: string; notValid?: boolean }>(
      definition: (one: T, other: T, dialect: Dialect) => boolean,
    ) =>
    (one: T, other: T) =>
      definition(one, other, dialect) &&
      one.comment === other.comment &&
      one.notValid === other.notValid;
  const words =
    <T>(text: (thing: T, dialect: Dialect) => string) =>
    (thing: T) =>
      text(thing, dialect);
  return [
    ...compareLists("column", before.columns, after.columns, {
      path: ({ name }) => at(name, ""),
      isSame: isSame(same.sameColumn),
      words: words(describe.describeColumn),
    }),
    ...(columnOrder ? compareOrder(before, after) : []),
    ...compareLists("primary key", keyOf(before), keyOf(after), {
      path: ({ name }) => at(name, "primary key"),
      identity: () => "primary key",
      isSame: (one, other) => isSame(same.sameKey)(one, other) && one.name === other.name,
      words: words(describe.describeKey),
    }),
    ...compareLists("unique constraint", before.uniques, after.uniques, {
      path: ({ name }) => at(name, "unique"),
      isSame: isSame(same.sameKey),
      words: words(describe.describeKey),
    }),
    ...compareLists("index", before.indexes, after.indexes, {
      path: ({ name }) => at(name, ""),
      isSame: isSame(same.sameIndex),
      words: words(describe.describeIndex),
    }),
    ...compareLists("foreign key", before.foreignKeys, after.foreignKeys, {
      path: ({ name }) => at(name, "foreign key"),
      isSame: isSame(same.sameForeignKey),
      words: words(describe.describeForeignKey),
    }),
    ...compareLists("check", before.checks, after.checks, {
      path: ({ name }) => at(name, "check"),
      isSame: isSame(same.sameCheck),
      words: describe.describeCheck,
    }),
    ...compareLists("exclusion", before.exclusions, after.exclusions, {
      path: ({ name }) => at(name, ""),
      isSame: isSame(same.sameExclusion),
      words: ({ definition }) => definition,
    }),
    ...compareRest(before, after, dialect),
  ];
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
