import type { AlterTableCmd, AlterTableStmt, ColumnDef } from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { readColumn, readTableConstraint, readType } from "./column.ts";
import { isNull } from "./expression.ts";
import { identifier, relationName } from "./name.ts";

/** Clauses that take no lock that a reader or writer waits for. */
const quiet = new Set([
  "AT_SetStatistics",
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
  const subtype = command.subtype ?? "";
  const clause = rewriting[subtype];
  if (clause !== undefined) return [{ kind: "rewriteTable", table, clause, level: "error" }];
  const what = restricting[subtype];
  if (what !== undefined) {
    return [
      { kind: "restrictAccess", table, what },
      { kind: "touchTable", table, clause: what },
    ];
  }
  return (
    readColumnCommand(table, command) ??
    readConstraintCommand(table, command) ??
    readPartOfTable(table, command)
  );
}

function readColumnCommand(table: string, command: AlterTableCmd): SchemaAction[] | null {
  const column = identifier(command.name);
  const definition = columnOf(command);
  switch (command.subtype) {
    case "AT_AddColumn":
      return [{ kind: "addColumn", table, column: readColumn(definition) }];
    case "AT_DropColumn":
      return [{ kind: "dropColumn", table, column, cascade: isCascade(command) }];
    case "AT_AlterColumnType":
      return [
        {
          kind: "changeType",
          table,
          column,
          type: readType(definition.typeName ?? {}),
          using: definition.raw_default !== undefined,
        },
      ];
    case "AT_SetNotNull":
      return [{ kind: "setNotNull", table, column }];
    case "AT_DropNotNull":
      return [{ kind: "dropNotNull", table, column }];
    case "AT_ColumnDefault":
      return [
        { kind: isNull(command.def ?? nullNode) ? "dropDefault" : "setDefault", table, column },
      ];
    case "AT_DropIdentity":
    case "AT_DropExpression":
      return [{ kind: "dropDefault", table, column }];
    case "AT_AddIdentity":
    case "AT_SetIdentity":
      return [{ kind: "setIdentity", table, column, identity: identityOf(command) }];
    default:
      return null;
  }
}

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

function readConstraintCommand(table: string, command: AlterTableCmd): SchemaAction[] | null {
  const name = identifier(command.name);
  switch (command.subtype) {
    case "AT_AddConstraint": {
      const node = command.def;
      const constraint =
        node !== undefined && "Constraint" in node ? readTableConstraint(node.Constraint) : null;
      return constraint === null ? [] : [{ kind: "addConstraint", table, constraint }];
    }
    case "AT_ValidateConstraint":
      return [{ kind: "validateConstraint", table, constraint: name }];
    case "AT_DropConstraint":
      return [{ kind: "dropConstraint", table, constraint: name, cascade: isCascade(command) }];
    default:
      return null;
  }
}

function readPartOfTable(table: string, command: AlterTableCmd): SchemaAction[] {
  const subtype = command.subtype ?? "";
  if (quiet.has(subtype)) return [];
  const touch: SchemaAction = { kind: "touchTable", table, clause: clauseOf(subtype) };
  if (subtype === "AT_DetachPartition" && command.def !== undefined) {
    if (!("PartitionCmd" in command.def)) return [touch];
    const { name, concurrent } = command.def.PartitionCmd;
    const partition = relationName(name);
    return [{ kind: "detachPartition", table, partition, concurrently: concurrent === true }];
  }
  if (subtype.startsWith("AT_DisableTrig")) {
    const name = command.name === undefined ? "every trigger" : identifier(command.name);
    return [{ kind: "drop", object: "trigger", name, table, cascade: false }, touch];
  }
  return [touch];
}

/** `AT_ReplicaIdentity` as `REPLICA IDENTITY`. */
function clauseOf(subtype: string): string {
  const words = subtype.replace(/^AT_/, "").replaceAll(/(?<=[a-z])(?=[A-Z])/g, " ");
  return words.toUpperCase();
}

function isCascade(command: AlterTableCmd): boolean {
  return command.behavior === "DROP_CASCADE";
}
