import type { QualifiedName, Stmt } from "sqlite3-parser";
import type { ObjectKind, SchemaAction } from "../actions.ts";
import { type ReadStatement, type StatementReader, asRead } from "../reader.ts";
import { objectsOf } from "../tree.ts";
import { readAlterTable } from "./alter-table.ts";
import { columnsIn, identifier, qualifiedName, readColumn, readTableConstraint } from "./column.ts";

/** A parser made from SQLite's own grammar, in JavaScript. */
export async function openSqliteReader(): Promise<StatementReader> {
  const { parse } = await import("sqlite3-parser");
  return (sql) => {
    if (sql.includes("\0")) return unreadable("it holds a NUL character");
    try {
      const result = parse(sql);
      if (result.status === "ok") return asRead(result.root.cmds.flatMap(readStatement));
      return unreadable(result.errors[0]?.message ?? "it is no SQL of SQLite");
    } catch (error) {
      return unreadable(error instanceof Error ? error.message : String(error));
    }
  };
}

function unreadable(reason: string): ReadStatement {
  return asRead([{ kind: "unreadable", reason }]);
}

type StatementOf<Type extends Stmt["type"]> = Extract<Stmt, { type: Type }>;
type Readers = { [Type in Stmt["type"]]: (statement: StatementOf<Type>) => SchemaAction[] };

const nothing = (): SchemaAction[] => [];

const readers: Readers = {
  AlterTableStmt: readAlterTable,
  AnalyzeStmt: nothing,
  AttachStmt: () => [{ kind: "outsideTransaction", command: "ATTACH" }],
  BeginStmt: () => transaction("BEGIN"),
  CommitStmt: () => transaction("COMMIT"),
  CreateIndexStmt: readCreateIndex,
  CreateTableStmt: readCreateTable,
  CreateTriggerStmt: (statement) => [
    {
      kind: "create",
      object: "trigger",
      name: qualifiedName(statement.triggerName),
      table: qualifiedName(statement.tblName),
      replace: false,
    },
  ],
  CreateViewStmt: ({ viewName }) => [
    { kind: "create", object: "view", name: qualifiedName(viewName), table: null, replace: false },
  ],
  CreateVirtualTableStmt: (statement) => [bareTable(statement.tblName, statement.ifNotExists)],
  DeleteStmt: readDelete,
  DetachStmt: () => [{ kind: "outsideTransaction", command: "DETACH" }],
  DropIndexStmt: ({ idxName }) => [
    {
      kind: "dropIndex",
      table: null,
      index: qualifiedName(idxName),
      concurrently: false,
      cascade: false,
    },
  ],
  DropTableStmt: ({ tblName }) => [
    { kind: "dropTable", table: qualifiedName(tblName), cascade: false },
  ],
  DropTriggerStmt: ({ triggerName }) => drop("trigger", triggerName),
  DropViewStmt: ({ viewName }) => drop("view", viewName),
  ExplainStmt: nothing,
  InsertStmt: readInsert,
  PragmaStmt: readPragma,
  ReindexStmt: nothing,
  ReleaseStmt: nothing,
  RollbackStmt: ({ savepointName }) => (savepointName === undefined ? transaction("ROLLBACK") : []),
  SavepointStmt: nothing,
  SelectStmt: nothing,
  UpdateStmt: readUpdate,
  VacuumStmt: readVacuum,
};

function readStatement(statement: Stmt): SchemaAction[] {
  return (readers[statement.type] as (statement: Stmt) => SchemaAction[])(statement);
}

function readCreateTable(statement: StatementOf<"CreateTableStmt">): SchemaAction[] {
  const { body } = statement;
  const table = bareTable(statement.tblName, statement.ifNotExists);
  if (body.type !== "ColumnsAndConstraintsCreateTableBody") {
    return [table, ...copyInto(qualifiedName(statement.tblName), body)];
  }
  return [
    {
      ...table,
      isOpen: false,
      columns: body.columns.map(readColumn),
      constraints: (body.constraints ?? []).map(readTableConstraint),
    },
  ];
}

function bareTable(name: QualifiedName, ifNotExists: boolean) {
  const table = qualifiedName(name);
  return {
    kind: "createTable" as const,
    table,
    ifNotExists,
    columns: [],
    likeTables: [],
    isOpen: true,
    constraints: [],
    indexes: [],
  };
}

function readCreateIndex(statement: StatementOf<"CreateIndexStmt">): SchemaAction[] {
  return [
    {
      kind: "addIndex",
      table: identifier(statement.tblName),
      index: qualifiedName(statement.idxName),
      unique: statement.unique,
      concurrently: false,
      columns: statement.columns.flatMap(({ expr }) => columnsIn(expr)),
      special: null,
    },
  ];
}

function readDelete(statement: StatementOf<"DeleteStmt">): SchemaAction[] {
  const table = qualifiedName(statement.tblName);
  const command = "DELETE";
  if (statement.whereClause !== undefined || statement.limit !== undefined) {
    return [{ kind: "changeRows", table, command, everyRow: false }];
  }
  return [{ kind: "removeRows", table, command, cascade: false }];
}

function readUpdate(statement: StatementOf<"UpdateStmt">): SchemaAction[] {
  const { whereClause, from, limit } = statement;
  const everyRow = whereClause === undefined && from === undefined && limit === undefined;
  const table = qualifiedName(statement.tblName);
  return [{ kind: "changeRows", table, command: "UPDATE", everyRow }];
}

function readInsert(statement: StatementOf<"InsertStmt">): SchemaAction[] {
  return copyInto(qualifiedName(statement.tblName), statement.body);
}

function copyInto(table: string, source: unknown): SchemaAction[] {
  const from = new Set<string>();
  for (const fields of objectsOf(source)) {
    if (fields["type"] !== "TableSelectTable") continue;
    from.add(qualifiedName(fields["tblName"] as QualifiedName));
  }
  return from.size === 0 ? [] : [{ kind: "copyRows", table, from: [...from] }];
}

function readPragma(statement: StatementOf<"PragmaStmt">): SchemaAction[] {
  const name = statement.name.objName.text.toLowerCase();
  if (name === "journal_mode" && statement.body !== undefined) {
    return [{ kind: "outsideTransaction", command: "PRAGMA journal_mode" }];
  }
  return name === "writable_schema" ? [{ kind: "hidden", what: "PRAGMA writable_schema" }] : [];
}

function readVacuum(statement: StatementOf<"VacuumStmt">): SchemaAction[] {
  const outside: SchemaAction = { kind: "outsideTransaction", command: "VACUUM" };
  if (statement.into !== undefined) return [outside];
  return [outside, { kind: "compactTable", table: null, command: "VACUUM" }];
}

function drop(object: ObjectKind, name: QualifiedName): SchemaAction[] {
  return [{ kind: "drop", object, name: qualifiedName(name), table: null, cascade: false }];
}

function transaction(command: string): SchemaAction[] {
  return [{ kind: "transaction", command }];
}
