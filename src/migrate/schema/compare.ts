import { compareTables } from "./compare-table.ts";
import * as describe from "./describe.ts";
import { type Difference, compareLists, compareValues } from "./differences.ts";
import type { Extension, Routine, Schema, Sequence, Table, Trigger, View } from "./model.ts";
import { pairByName } from "./pairs.ts";
import * as same from "./same/objects.ts";
import { sameIndex } from "./same/table.ts";
import { columnsOf } from "./terms.ts";

/** One difference: `what` is a noun (`column`, `foreign key`), `path` says which (`users.email`). */
export type SchemaDifference = Difference;

export interface CompareOptions {
  /** The order of columns counts: it matters to an INSERT that names none. Default: it does not. */
  columnOrder?: boolean;
}

/**
 * All differences between two schemas, in the order of a schema's parts. Expressions are compared
 * by known rules (`expression/same.ts`); what is in doubt is a difference. A table that only one
 * has is one difference, without its parts.
 */
export function compareSchemas(
  before: Schema,
  after: Schema,
  options: CompareOptions = {},
): SchemaDifference[] {
  const isNamed = (names: readonly string[]) => names.map((name) => ({ name }));
  return [
    ...compareValues("dialect", "dialect", before.dialect, after.dialect),
    ...compareLists("schema", isNamed(before.schemas), isNamed(after.schemas), {
      path: ({ name }) => name,
      isSame: () => true,
      words: () => "",
    }),
    ...compareLists<Extension>("extension", before.extensions, after.extensions, {
      path: ({ name }) => name,
      isSame: (one, other) => one.schema === other.schema,
      words: ({ schema }) => (schema === undefined ? "" : `in ${schema}`),
    }),
    ...compareLists("type", before.types, after.types, {
      path: ({ name }) => name,
      isSame: (one, other) => same.sameCustomType(one, other) && sameComment(one, other),
      words: describe.describeType,
    }),
    ...compareLists<Sequence>("sequence", before.sequences, after.sequences, {
      path: ({ name }) => name,
      isSame: (one, other) =>
        one.type === other.type && one.options === other.options && sameComment(one, other),
      words: ({ type, options: words }) => `${type} ${words}`.trim(),
    }),
    ...compareAllTables(before, after, options),
    ...compareViews(before, after),
    ...compareCode(before, after),
    ...compareLists("unmodelled", isNamed(before.unmodelled), isNamed(after.unmodelled), {
      path: ({ name }) => name,
      isSame: () => true,
      words: () => "",
    }),
  ];
}

function compareCode(before: Schema, after: Schema): Difference[] {
  const { dialect } = after;
  return [
    ...compareLists<Routine & { name?: string }>("routine", before.routines, after.routines, {
      path: ({ signature }) => signature,
      identity: ({ signature }) => signature,
      isSame: (one, other) => same.sameRoutine(one, other, dialect) && sameComment(one, other),
      words: ({ definition }) => definition,
    }),
    ...compareLists<Trigger>("trigger", before.triggers, after.triggers, {
      path: ({ table, name }) => `${table}.${name}`,
      identity: ({ table, name }) => `${table}\0${name}`,
      isSame: (one, other) => same.sameTrigger(one, other, dialect) && sameComment(one, other),
      words: ({ definition, enabled }) => [definition, enabled ?? ""].join(" ").trim(),
    }),
  ];
}

function compareAllTables(
  before: Schema,
  after: Schema,
  { columnOrder = false }: CompareOptions,
): Difference[] {
  const { both, removed, added } = pairByName(before.tables, after.tables);
  return [
    ...removed.map(
      (table): Difference => ({
        kind: "removed",
        what: "table",
        path: table.name,
        before: tableWords(table),
        after: null,
      }),
    ),
    ...both.flatMap(([one, other]) => compareTables(one, other, after.dialect, columnOrder)),
    ...added.map(
      (table): Difference => ({
        kind: "added",
        what: "table",
        path: table.name,
        before: null,
        after: tableWords(table),
      }),
    ),
  ];
}

function tableWords({ columns, primaryKey, partitionOf }: Table): string {
  if (columns.length === 0 && partitionOf !== undefined) return `partition of ${partitionOf.table}`;
  const key = columnsOf(primaryKey?.terms ?? []).join(", ");
  const names = columns.map(({ name }) => name).join(", ");
  return key === "" ? `(${names})` : `(${names}), primary key (${key})`;
}

function compareViews(before: Schema, after: Schema): Difference[] {
  const { dialect } = after;
  const { both } = pairByName(before.views, after.views);
  return [
    ...compareLists<View>("view", before.views, after.views, {
      path: ({ name }) => name,
      isSame: (one, other) => same.sameView(one, other, dialect) && sameComment(one, other),
      words: describe.describeView,
    }),
    ...both.flatMap(([one, other]) =>
      compareLists("index", one.indexes, other.indexes, {
        path: ({ name }) => `${one.name}.${name}`,
        isSame: (left, right) => sameIndex(left, right, dialect) && sameComment(left, right),
        words: (index) => describe.describeIndex(index, dialect),
      }),
    ),
  ];
}

function sameComment(one: { comment?: string }, other: { comment?: string }): boolean {
  return one.comment === other.comment;
}
