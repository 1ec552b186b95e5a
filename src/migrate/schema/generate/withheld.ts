import type { Dialect } from "../../../database/address.ts";
import { mentions } from "../expression/mentions.ts";
import type { Column, Schema, Table } from "../model.ts";
import { pairByName } from "../pairs.ts";
import { mayLose } from "./narrowing.ts";

/** The columns of a table whose change waits for a person. */
export interface WithheldColumns {
  /** In the database alone; dropping them loses their values. */
  removed: Column[];
  /** As they are in the database; the change may lose values. */
  narrowed: Column[];
  /** New, NOT NULL, and without anything to fill them with where there are rows. */
  unfilled: Column[];
}

export function withheldColumns(before: Table, after: Table, dialect: Dialect): WithheldColumns {
  // A partition has the columns of its table.
  if (after.columns.length === 0) return { removed: [], narrowed: [], unfilled: [] };
  const columns = pairByName(before.columns, after.columns);
  return {
    removed: columns.removed,
    narrowed: columns.both
      .filter(([one, other]) => losesValues(one, other, dialect))
      .map(([one]) => one),
    unfilled: columns.added.filter(
      (column) =>
        !column.nullable &&
        column.default === undefined &&
        column.identity === undefined &&
        column.generated === undefined,
    ),
  };
}

/** A generated value is computed anew; an own one that becomes generated is lost. */
function losesValues(one: Column, other: Column, dialect: Dialect): boolean {
  if (one.generated !== undefined) {
    // Where there is no way to keep what was computed, a column of its own begins empty.
    return other.generated === undefined && !(dialect === "sqlite" || one.generated.stored);
  }
  return other.generated !== undefined || mayLose(one.type, other.type, dialect);
}

/** Whether a thing of a table uses one of these columns. */
export function uses(
  thing: {
    terms?: readonly { column?: string; expression?: string }[];
    columns?: readonly string[];
    include?: readonly string[];
    expression?: string;
    predicate?: string;
    definition?: string;
  },
  names: readonly string[],
  dialect: Dialect,
): boolean {
  const columns = [
    ...(thing.columns ?? []),
    ...(thing.include ?? []),
    ...(thing.terms ?? []).map(({ column }) => column),
  ];
  const expressions = [
    thing.expression,
    thing.predicate,
    thing.definition,
    ...(thing.terms ?? []).map(({ expression }) => expression),
  ];
  return names.some(
    (name) =>
      columns.includes(name) ||
      expressions.some((sql) => sql !== undefined && mentions(sql, name, dialect)),
  );
}

export function tableNamed(schema: Schema, name: string): Table | undefined {
  return schema.tables.find((table) => table.name === name);
}
