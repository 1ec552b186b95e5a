import type { AlterEnumStmt, AlterObjectSchemaStmt, DropStmt, Node, RenameStmt } from "libpg-query";
import type { ObjectKind, SchemaAction } from "../actions.ts";
import { identifier, objectName, relationName, spelledName, texts } from "./name.ts";

const objectKinds: Readonly<Record<string, ObjectKind>> = {
  OBJECT_VIEW: "view",
  OBJECT_MATVIEW: "materialized view",
  OBJECT_FUNCTION: "function",
  OBJECT_PROCEDURE: "function",
  OBJECT_ROUTINE: "function",
  OBJECT_AGGREGATE: "function",
  OBJECT_OPERATOR: "function",
  OBJECT_TYPE: "type",
  OBJECT_DOMAIN: "type",
  OBJECT_SCHEMA: "schema",
  OBJECT_SEQUENCE: "sequence",
  OBJECT_TRIGGER: "trigger",
  OBJECT_EXTENSION: "extension",
  OBJECT_POLICY: "policy",
};

const tableLike = new Set(["OBJECT_TABLE", "OBJECT_FOREIGN_TABLE"]);

export function readDrop(statement: DropStmt): SchemaAction[] {
  const type = statement.removeType ?? "";
  const cascade = statement.behavior === "DROP_CASCADE";
  return (statement.objects ?? []).flatMap((node): SchemaAction[] => {
    if (tableLike.has(type)) return [{ kind: "dropTable", table: objectName(node), cascade }];
    if (type === "OBJECT_INDEX") {
      const concurrently = statement.concurrent === true;
      return [{ kind: "dropIndex", table: null, index: objectName(node), concurrently, cascade }];
    }
    const object = objectKinds[type];
    if (object === undefined) return [];
    return [{ kind: "drop", object, ...nameOnTable(object, node), cascade }];
  });
}

/** A trigger or policy is spelled as its table's name and then its own. */
function nameOnTable(object: ObjectKind, node: Node): { name: string; table: string | null } {
  if ((object !== "trigger" && object !== "policy") || !("List" in node)) {
    return { name: objectName(node), table: null };
  }
  const items = node.List.items ?? [];
  return {
    name: identifier(texts(items).at(-1)),
    table: spelledName(items.slice(0, -1)),
  };
}

export function readRename(statement: RenameStmt): SchemaAction[] {
  const { renameType = "", relation, subname, newname } = statement;
  const table = relationName(relation);
  if (renameType === "OBJECT_COLUMN") {
    const column = identifier(subname);
    return [{ kind: "renameColumn", table, column, to: identifier(newname) }];
  }
  if (tableLike.has(renameType)) {
    const to = relationName({ ...relation, relname: newname });
    return [{ kind: "renameTable", table, to }];
  }
  if (renameType === "OBJECT_ATTRIBUTE") {
    const change = `renames its attribute ${identifier(subname)} to ${identifier(newname)}`;
    return [{ kind: "alterType", type: table, change }];
  }
  if (renameType === "OBJECT_TABCONSTRAINT") {
    return [{ kind: "touchTable", table, clause: "RENAME CONSTRAINT" }];
  }
  const object = objectKinds[renameType];
  if (object === undefined || object === "trigger" || object === "policy") return [];
  const name = relation === undefined ? objectName(statement.object) || identifier(subname) : table;
  if (object === "type") {
    return [{ kind: "alterType", type: name, change: `renames it to ${identifier(newname)}` }];
  }
  return [{ kind: "rename", object, name, to: identifier(newname) }];
}

export function readSetSchema(statement: AlterObjectSchemaStmt): SchemaAction[] {
  const { objectType = "", relation, newschema, object: node } = statement;
  if (tableLike.has(objectType)) {
    const to = relationName({ schemaname: newschema, relname: relation?.relname });
    return [{ kind: "renameTable", table: relationName(relation), to }];
  }
  const object = objectKinds[objectType];
  if (object === undefined || object === "extension") return [];
  const name = relation === undefined ? objectName(node) : relationName(relation);
  const to = `${identifier(newschema)}.${name.split(".").at(-1) ?? name}`;
  if (object === "type") return [{ kind: "alterType", type: name, change: `moves it to ${to}` }];
  return [{ kind: "rename", object, name, to }];
}

export function readAlterEnum(statement: AlterEnumStmt): SchemaAction[] {
  const type = spelledName(statement.typeName);
  const value = statement.newVal ?? "";
  if (statement.oldVal === undefined) return [{ kind: "addEnumValue", type, value }];
  return [{ kind: "alterType", type, change: `renames its value '${statement.oldVal}'` }];
}
