import { compareSchemas } from "../compare.ts";
import type { Column, Schema } from "../model.ts";
import { quoteName, quoteQualified } from "../names.ts";
import { pairByName } from "../pairs.ts";
import type { Step } from "./step.ts";

/** The columns that become NOT NULL once someone has filled them. */
function unfilledColumns(safe: Schema, filled: Schema): { table: string; column: Column }[] {
  return pairByName(safe.tables, filled.tables).both.flatMap(([one, other]) =>
    pairByName(one.columns, other.columns)
      .both.filter(([before, after]) => before.nullable && !after.nullable)
      .map(([, column]) => ({ table: other.name, column })),
  );
}

export function fillNotes(safe: Schema, filled: Schema): string[] {
  return unfilledColumns(safe, filled).map(
    ({ table, column }) =>
      `${table}.${column.name} is NOT NULL and has no default: it is added without NOT NULL. ` +
      "Give the rows that exist a value, then run what is commented out.",
  );
}

/** The steps that make columns NOT NULL, with what must be done before them. */
export function fillSteps(safe: Schema, filled: Schema, steps: readonly Step[]): Step[] {
  const { dialect } = safe;
  const updates = unfilledColumns(safe, filled).map(({ table, column }) => {
    const name = quoteName(column.name, dialect);
    return `UPDATE ${quoteQualified(table, dialect)} SET ${name} = … WHERE ${name} IS NULL`;
  });
  return withComment(steps, ["Fill in values first:", ...updates]);
}

/** The steps that lose something, with what it is. */
export function lossComment(filled: Schema, target: Schema, steps: readonly Step[]): Step[] {
  const losses = compareSchemas(filled, target)
    .filter(({ kind, what }) => kind === "removed" || (kind === "changed" && what === "column"))
    .map(({ kind, what, path, before, after }) =>
      kind === "removed"
        ? `drops the ${what} ${path}`
        : `changes ${path} from ${before} to ${after}`,
    );
  return withComment(steps, losses);
}

function withComment(steps: readonly Step[], lines: readonly string[]): Step[] {
  const [first, ...rest] = steps;
  if (first === undefined) return [];
  const comment = [...lines, ...(first.comment === undefined ? [] : [first.comment])].join("\n");
  return [comment === "" ? first : { ...first, comment }, ...rest];
}
