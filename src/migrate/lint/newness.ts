import { type ActionTable, lookUp } from "./action-table.ts";
import type { SchemaAction } from "./actions.ts";
import type { KnownSchema } from "./known-schema.ts";

/** For actions that are not simply about the table that they name. */
const newness: ActionTable<KnownSchema, boolean> = {
  create: ({ object, name, replace }, known) => !replace || known.isNewObject(object, name),
  drop: ({ object, name, table }, known) =>
    known.isNewObject(object, name) || (table !== null && known.isNewTable(table)),
  rename: ({ object, name }, known) => known.isNewObject(object, name),
  alterType: ({ type }, known) => known.isNewObject("type", type),
  addEnumValue: ({ type }, known) => known.isNewObject("type", type),
  refreshView: ({ view }, known) => known.isNewObject("materialized view", view),
  reindex: ({ name }, known) => known.index(name)?.isNew === true || known.isNewTable(name),
  dropIndex: ({ table, index }, known) =>
    known.index(index)?.isNew === true || (table !== null && known.isNewTable(table)),
};

/** Is it about something that the same set of migrations made, so that no release uses it yet? */
export function isOfNew(action: SchemaAction, known: KnownSchema): boolean {
  const own = lookUp(newness, action, known);
  if (own !== undefined) return own;
  return "table" in action && action.table !== null && known.isNewTable(action.table);
}

const otherKinds: ReadonlySet<SchemaAction["kind"]> = new Set([
  "changeRows",
  "copyRows",
  "create",
  "createTable",
  "hidden",
  "lockTable",
  "outsideTransaction",
  "setting",
  "transaction",
  "unreadable",
]);

/** Does it change how something is defined, rather than its rows or the session? */
export function isDefinition(action: SchemaAction): boolean {
  if (action.kind === "removeRows") return action.command !== "DELETE";
  return !otherKinds.has(action.kind);
}

export function isOfRows(action: SchemaAction): boolean {
  const isDelete = action.kind === "removeRows" && action.command === "DELETE";
  return isDelete || action.kind === "changeRows" || action.kind === "copyRows";
}
