import { type Schema, byName, compareText } from "./model.ts";

/** Puts everything that has no order of its own into the order of names. */
export function sortSchema(schema: Schema): Schema {
  for (const table of schema.tables) {
    table.indexes.sort(byName);
    table.uniques.sort(byContent);
    table.checks.sort(byContent);
    table.foreignKeys.sort(byContent);
    table.exclusions.sort(byName);
    table.rowSecurity?.policies.sort(byName);
    for (const { roles } of table.rowSecurity?.policies ?? []) roles.sort(compareText);
  }
  for (const view of schema.views) view.indexes.sort(byName);
  for (const type of schema.types) if (type.kind === "domain") type.checks.sort(byName);
  schema.schemas.sort(compareText);
  schema.extensions.sort(byName);
  schema.types.sort(byName);
  schema.sequences.sort(byName);
  schema.tables.sort(byName);
  schema.views.sort(byName);
  schema.routines.sort((one, other) => compareText(one.signature, other.signature));
  schema.triggers.sort((one, other) => compareText(one.table, other.table) || byName(one, other));
  schema.unmodelled.sort(compareText);
  return schema;
}

/** Constraints of SQLite may have no name. */
function byContent(left: { name?: string }, right: { name?: string }): number {
  return byName(left, right) || compareText(contentOf(left), contentOf(right));
}

/** The same text for the same content, in whatever order the fields were set. */
function contentOf(thing: object): string {
  return JSON.stringify(thing, (_key, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).toSorted(byKey));
  });
}

function byKey([left]: [string, unknown], [right]: [string, unknown]): number {
  return compareText(left, right);
}
