import type { Schema } from "../model.ts";
import { pairByName } from "../pairs.ts";
import { tableChanges } from "./mysql/table-change.ts";
import { tableChange } from "./sqlite/change-table.ts";

/** What takes as long as copying the rows of a table does, while nobody can write to it. */
export function copyNotes(before: Schema, after: Schema): string[] {
  const names = before.dialect === "sqlite" ? rebuilt(before, after) : copied(before, after);
  return names.map(
    (name) => `${name} is made anew and its rows are copied: writers wait meanwhile.`,
  );
}

function rebuilt(before: Schema, after: Schema): string[] {
  return pairByName(before.tables, after.tables)
    .both.filter(([one, other]) => tableChange(one, other)?.needsRebuild === true)
    .map(([{ name }]) => name);
}

/** https://dev.mysql.com/doc/refman/8.4/en/innodb-online-ddl-operations.html */
function copied(before: Schema, after: Schema): string[] {
  return tableChanges(before, after)
    .filter(({ before: old, columns, modified, remade, newKey }) => {
      const hasNewType = modified.some(
        ({ name, type }) => old.columns.find((column) => column.name === name)?.type !== type,
      );
      const isComputed = [...columns.added, ...old.columns].some(
        ({ name, generated }) =>
          generated?.stored === true &&
          (columns.added.some((one) => one.name === name) || remade.includes(name)),
      );
      return hasNewType || isComputed || (newKey && old.primaryKey !== undefined);
    })
    .map(({ after: { name } }) => name);
}
