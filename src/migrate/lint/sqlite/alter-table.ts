import type { AlterTableStmt, Name } from "sqlite3-parser";
import type { SchemaAction } from "../actions.ts";
import { writeName } from "../names.ts";
import { identifier, qualifiedName, readColumn, readTableConstraint } from "./column.ts";

export function readAlterTable(statement: AlterTableStmt): SchemaAction[] {
  const { body } = statement;
  const table = qualifiedName(statement.tblName);
  switch (body.type) {
    case "RenameToAlterTableBody":
      return [{ kind: "renameTable", table, to: inSameSchema(statement, body.name) }];
    case "AddColumnAlterTableBody":
      return [{ kind: "addColumn", table, column: readColumn(body.column) }];
    case "DropColumnAlterTableBody":
      return [{ kind: "dropColumn", table, column: identifier(body.column), cascade: false }];
    case "RenameColumnAlterTableBody": {
      const column = identifier(body.old);
      return [{ kind: "renameColumn", table, column, to: identifier(body.new) }];
    }
    case "SetColumnNotNullAlterTableBody":
      return [{ kind: "setNotNull", table, column: identifier(body.column) }];
    case "DropColumnNotNullAlterTableBody":
      return [{ kind: "dropNotNull", table, column: identifier(body.column) }];
    case "AddConstraintAlterTableBody":
      return [{ kind: "addConstraint", table, constraint: readTableConstraint(body.constraint) }];
    case "DropConstraintAlterTableBody": {
      const constraint = identifier(body.name);
      return [{ kind: "dropConstraint", table, constraint, cascade: false }];
    }
  }
}

function inSameSchema(statement: AlterTableStmt, name: Name): string {
  return writeName("sqlite", [statement.tblName.dbName?.text, name.text]);
}
