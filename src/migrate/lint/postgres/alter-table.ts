import type { AlterTableCmd, AlterTableStmt, AlterTableType, ColumnDef, Node } from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import type { ColumnType } from "../column.ts";
import { readColumn, readTableConstraint, readType } from "./column.ts";
import { columnsIn, isNull } from "./expression.ts";
import { identifier, relationName } from "./name.ts";

/** Clauses that take no lock that a reader or writer waits for. */
const quiet = new Set([
  "AT_SetStatistics",
  "AT_SetRelOptions",
  "AT_ResetRelOptions",
  "AT_SetOptions",
  "AT_ResetOptions",
  "AT_ClusterOn",
  "AT_DropCluster",
  "AT_AttachPartition",
]);

const rewriting: Readonly<Record<string, string>> = {
  AT_SetLogged: "SET LOGGED",
  AT_SetUnLogged: "SET UNLOGGED",
  AT_SetTableSpace: "SET TABLESPACE",
  AT_SetAccessMethod: "SET ACCESS METHOD",
  AT_SetExpression: "SET EXPRESSION",
};

const restricting: Readonly<Record<string, string>> = {
  AT_EnableRowSecurity: "ENABLE ROW LEVEL SECURITY",
  AT_ForceRowSecurity: "FORCE ROW LEVEL SECURITY",
  AT_ChangeOwner: "OWNER TO",
};

export function readAlterTable(statement: AlterTableStmt): SchemaAction[] {
  const name = relationName(statement.relation);
  if (statement.objtype === "OBJECT_INDEX" || statement.objtype === "OBJECT_SEQUENCE") return [];
  const commands = (statement.cmds ?? []).flatMap((node) =>
    "AlterTableCmd" in node ? [node.AlterTableCmd] : [],
  );
  if (statement.objtype === "OBJECT_TYPE") {
    return commands
      .filter(({ subtype }) => subtype !== "AT_AddColumn")
      .map((command) => ({
        kind: "alterType",
        type: name,
        change: `changes its attribute ${identifier(command.name)}`,
      }));
  }
  return commands.flatMap((command) => readCommand(name, command));
}

function readCommand(table: string, command: AlterTableCmd): SchemaAction[] {
  const subtype = command.subtype ?? "AT_GenericOptions";
  const read = commandReaders[subtype];
  if (read !== undefined) return read(table, command);
  if (quiet.has(subtype)) return [];
  const clause = rewriting[subtype];
  if (clause !== undefined) return [{ kind: "rewriteTable", table, clause, level: "error" }];
  const touch: SchemaAction = { kind: "touchTable", table, clause: clauseOf(subtype) };
  const what = restricting[subtype];
  return what === undefined ? [touch] : [{ kind: "restrictAccess", table, what }, touch];
}

type CommandReader = (table: string, command: AlterTableCmd) => SchemaAction[];

const dropDefault: CommandReader = (table, { name }) => [
  { kind: "dropDefault", table, column: identifier(name) },
];
const setIdentity: CommandReader = (table, command) => [
  {
    kind: "setIdentity",
    table,
    column: identifier(command.name),
    identity: identityOf(command),
  },
];

const commandReaders: { readonly [Type in AlterTableType]?: CommandReader } = {
  AT_AddColumn: (table, command) => [
    { kind: "addColumn", table, column: readColumn(columnOf(command)) },
  ],
  AT_DropColumn: (table, command) => [
    {
      kind: "dropColumn",
      table,
      column: identifier(command.name),
      cascade: isCascade(command),
    },
  ],
  AT_AlterColumnType: (table, command) => {
    const { typeName = {}, raw_default: conversion, collClause: order } = columnOf(command);
    const column = identifier(command.name);
    const type = readType(typeName);
    const using = order !== undefined || !isPlainCast(conversion, column, type);
    return [{ kind: "changeType", table, column, type, using }];
  },
  AT_SetNotNull: (table, { name }) => [{ kind: "setNotNull", table, column: identifier(name) }],
  AT_DropNotNull: (table, { name }) => [{ kind: "dropNotNull", table, column: identifier(name) }],
  AT_ColumnDefault: (table, { name, def = nullNode }) => [
    { kind: isNull(def) ? "dropDefault" : "setDefault", table, column: identifier(name) },
  ],
  AT_DropIdentity: dropDefault,
  AT_DropExpression: dropDefault,
  AT_AddIdentity: setIdentity,
  AT_SetIdentity: setIdentity,
  AT_AddConstraint: (table, { def }) => {
    const constraint =
      def !== undefined && "Constraint" in def ? readTableConstraint(def.Constraint) : null;
    return constraint === null ? [] : [{ kind: "addConstraint", table, constraint }];
  },
  AT_ValidateConstraint: (table, { name }) => [
    { kind: "validateConstraint", table, constraint: identifier(name) },
  ],
  AT_DropConstraint: (table, command) => {
    const constraint = identifier(command.name);
    return [{ kind: "dropConstraint", table, constraint, cascade: isCascade(command) }];
  },
  AT_DetachPartition: readDetach,
  AT_DisableTrig: disableTrigger,
  AT_DisableTrigAll: disableTrigger,
  AT_DisableTrigUser: disableTrigger,
};

const nullNode = { A_Const: { isnull: true } };

function columnOf(command: AlterTableCmd): ColumnDef {
  return command.def !== undefined && "ColumnDef" in command.def ? command.def.ColumnDef : {};
}

/** SET GENERATED gives the character by its number. */
function identityOf({ def }: AlterTableCmd): "always" | "default" {
  if (def === undefined) return "default";
  if ("Constraint" in def) return def.Constraint.generated_when === "a" ? "always" : "default";
  const options = "List" in def ? (def.List.items ?? []) : [];
  const isAlways = options.some(
    (node) =>
      "DefElem" in node &&
      node.DefElem.defname === "generated" &&
      node.DefElem.arg !== undefined &&
      "Integer" in node.DefElem.arg &&
      node.DefElem.arg.Integer.ival === "a".charCodeAt(0),
  );
  return isAlways ? "always" : "default";
}

/** No USING, or one that says what would happen without it, as query builders write it. */
function isPlainCast(conversion: Node | undefined, column: string, type: ColumnType): boolean {
  if (conversion === undefined) return true;
  if (!("TypeCast" in conversion)) return false;
  const { arg, typeName = {} } = conversion.TypeCast;
  const isColumn = arg !== undefined && "ColumnRef" in arg && columnsIn(arg).includes(column);
  return isColumn && JSON.stringify(readType(typeName)) === JSON.stringify(type);
}

function readDetach(table: string, { def }: AlterTableCmd): SchemaAction[] {
  const command = def !== undefined && "PartitionCmd" in def ? def.PartitionCmd : {};
  const partition = relationName(command.name);
  return [{ kind: "detachPartition", table, partition, concurrently: command.concurrent === true }];
}

function disableTrigger(table: string, command: AlterTableCmd): SchemaAction[] {
  const name = command.name === undefined ? "every trigger" : identifier(command.name);
  return [
    { kind: "drop", object: "trigger", name, table, cascade: false },
    { kind: "touchTable", table, clause: "DISABLE TRIGGER" },
  ];
}

/** `AT_ReplicaIdentity` as `REPLICA IDENTITY`. */
function clauseOf(subtype: string): string {
  const words = subtype.replace(/^AT_/, "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return words.toUpperCase();
}

function isCascade(command: AlterTableCmd): boolean {
  return command.behavior === "DROP_CASCADE";
}
