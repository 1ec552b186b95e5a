import type { Column, Schema, Table } from "../model.ts";
import { pairByName } from "../pairs.ts";
import { mayLose } from "./narrowing.ts";

export interface PossibleRename {
  what: "table" | "column";
  /** `users`, `users.email`: with `to`, the form in which a decision is given, `from:to`. */
  from: string;
  to: string;
}

/** How much of the columns of two tables must be the same. */
const alike = 0.6;

/** What is dropped while something like it is added: only a person knows whether it is the same. */
export function possibleRenames(live: Schema, declared: Schema): PossibleRename[] {
  const tables = pairByName(live.tables, declared.tables);
  return [
    ...tables.removed.flatMap((table) => {
      const scores = tables.added
        .map((other) => ({ other, score: likeness(table, other) }))
        .filter(({ score }) => score >= alike)
        .toSorted((one, other) => other.score - one.score);
      return scores.map(({ other }) => rename("table", table.name, other.name));
    }),
    ...tables.both.flatMap(([one, other]) => renamedColumns(one, other, declared)),
  ];
}

/** The part of the columns that both have, by name and type, from 0 to 1. */
function likeness(one: Table, other: Table): number {
  const { both } = pairByName(one.columns, other.columns);
  const equal = both.filter(([left, right]) => left.type === right.type).length;
  const most = Math.max(one.columns.length, other.columns.length);
  return most === 0 ? 0 : equal / most;
}

/** Columns of the same type; where there are none, those of a type that holds the same values. */
function renamedColumns(one: Table, other: Table, { dialect }: Schema): PossibleRename[] {
  const { removed, added } = pairByName(one.columns, other.columns);
  return removed.flatMap((column) => {
    const isLike = (candidate: Column) =>
      (candidate.generated === undefined) === (column.generated === undefined);
    const candidates = added.filter(isLike);
    const equal = candidates.filter(({ type }) => type === column.type);
    const wider = candidates.filter(({ type }) => !mayLose(column.type, type, dialect));
    return (equal.length > 0 ? equal : wider).map((candidate) =>
      rename("column", `${one.name}.${column.name}`, `${other.name}.${candidate.name}`),
    );
  });
}

function rename(what: PossibleRename["what"], from: string, to: string): PossibleRename {
  return { what, from, to };
}
