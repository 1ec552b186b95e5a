import { joinName, splitName } from "../../names.ts";
import { mentions } from "../../expression/mentions.ts";
import type { Column, Schema, Table } from "../../model.ts";
import { type Pairs, pairByName } from "../../pairs.ts";
import * as same from "../../same/table.ts";
import { uses } from "../withheld.ts";
import { mustBeRemade } from "./change-column.ts";

/** What happens to a table that is there before and after. */
export interface TableChange {
  before: Table;
  after: Table;
  columns: Pairs<Column>;
  /** Columns that are dropped and added again: generated ones. */
  remade: string[];
  /** Columns that get another type, also one that is made anew under the same name. */
  retyped: string[];
  /** What uses these columns must be dropped first. */
  unsettled: string[];
}

/** @param newTypes the names of types that are made anew */
export function tableChanges(
  before: Schema,
  after: Schema,
  newTypes: readonly string[],
): TableChange[] {
  return pairByName(before.tables, after.tables).both.map(([one, other]) =>
    tableChange(one, other, newTypes),
  );
}

function tableChange(before: Table, after: Table, newTypes: readonly string[]): TableChange {
  const columns = pairByName(before.columns, after.columns);
  const hasNewType = ({ type }: Column) => newTypes.some((name) => isOfType(type, name));
  const replaced = columns.both.filter(([one]) => hasNewType(one)).map(([one]) => one.name);
  const retyped = columns.both
    .filter(([one, other]) => hasNewType(one) || !same.sameType(one, other))
    .map(([one]) => one.name);
  const moved = [...retyped, ...columns.removed.map(({ name }) => name)];
  const remade = columns.both
    .filter(([one, other]) => {
      if (mustBeRemade(one, other)) return true;
      return one.generated !== undefined && uses(one.generated, moved, "postgres");
    })
    .map(([one]) => one.name);
  return {
    before,
    after,
    columns,
    remade,
    retyped: retyped.filter((name) => !remade.includes(name)),
    unsettled: [...remade, ...replaced],
  };
}

/** Whether SQL uses a table and one of its columns that go, or change their type. */
export function isInTheWay(sql: string, change: TableChange): boolean {
  const moved = [...movedColumns(change)];
  // `select *` uses them all.
  const isAll = /(?:\bselect|,|\.)\s*\*/i.test(sql);
  return moved.length > 0 && (isAll || moved.some((name) => mentions(sql, name, "postgres")));
}

export function movedColumns({ columns, remade, retyped }: TableChange): Set<string> {
  return new Set([...columns.removed.map(({ name }) => name), ...remade, ...retyped]);
}

/** Whether the type of a column, as the server prints it, is the one of a name, or a list of it. */
function isOfType(printed: string, name: string): boolean {
  return joinName(...splitName(printed.replace(/\[\]$/, ""))) === name;
}
