import type { SchemaAction } from "../actions.ts";
import { type Fields, fieldsOf, listOf, objectsOf, variantOf } from "../tree.ts";
import { nameOf } from "./syntax.ts";

export function readTruncate(fields: Fields): SchemaAction[] {
  return listOf(fields["table_names"]).map((target) => ({
    kind: "removeRows",
    table: nameOf(fieldsOf(target)["name"]),
    command: "TRUNCATE",
    cascade: false,
  }));
}

function tableOf(relation: unknown): string {
  return nameOf(fieldsOf(fieldsOf(fieldsOf(relation)["relation"])["Table"])["name"]);
}

export function readUpdate(fields: Fields): SchemaAction[] {
  const { table, selection, limit } = fields;
  const joins = listOf(fieldsOf(table)["joins"]);
  const everyRow = selection === undefined && limit === undefined && joins.length === 0;
  return [{ kind: "changeRows", table: tableOf(table), command: "UPDATE", everyRow }];
}

export function readDelete(fields: Fields): SchemaAction[] {
  const { tables, from, using, selection, limit } = fields;
  const [source] = listOf(variantOf(from)[1]);
  const [target] = listOf(tables);
  const table = target === undefined ? tableOf(source) : nameOf(target);
  const joins = listOf(fieldsOf(source)["joins"]);
  const isBare = selection === undefined && limit === undefined && using === undefined;
  if (isBare && joins.length === 0) {
    return [{ kind: "removeRows", table, command: "DELETE", cascade: false }];
  }
  return [{ kind: "changeRows", table, command: "DELETE", everyRow: false }];
}

/** UPDATE and DELETE behind a WITH. */
export function readRows(query: unknown): SchemaAction[] {
  const actions: SchemaAction[] = [];
  for (const fields of objectsOf(query)) {
    const update = fieldsOf(fields["Update"])["Update"];
    if (update !== undefined) actions.push(...readUpdate(fieldsOf(update)));
    const removal = fieldsOf(fields["Delete"])["Delete"];
    if (removal !== undefined) actions.push(...readDelete(fieldsOf(removal)));
  }
  return actions;
}

export function readInsert(fields: Fields): SchemaAction[] {
  const [, name] = variantOf(fields["table"]);
  return copies(nameOf(name), fields["source"]);
}

export function copies(table: string, source: unknown): SchemaAction[] {
  const from = new Set<string>();
  for (const fields of objectsOf(source)) {
    const relation = fields["Table"];
    if (relation !== undefined) from.add(nameOf(fieldsOf(relation)["name"]));
  }
  return from.size === 0 ? [] : [{ kind: "copyRows", table, from: [...from] }];
}
