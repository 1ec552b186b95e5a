import type {
  CreateStmt,
  CreateTableAsStmt,
  IndexElem,
  IndexStmt,
  Node,
  SelectStmt,
} from "libpg-query";
import type { ObjectKind, SchemaAction, TableConstraint } from "../actions.ts";
import { readColumn, readTableConstraint } from "./column.ts";
import { identifier, objectName, relationName } from "./name.ts";

export function readCreateTable(statement: CreateStmt): SchemaAction[] {
  const elements = statement.tableElts ?? [];
  const table = relationName(statement.relation);
  const parents = (statement.inhRelations ?? []).map(objectName);
  const partitioned: SchemaAction[] =
    statement.partbound === undefined
      ? []
      : parents.map((parent) => ({ kind: "touchTable", table: parent, clause: "PARTITION OF" }));
  return [
    ...partitioned,
    {
      kind: "createTable",
      table,
      ifNotExists: statement.if_not_exists === true,
      columns: elements.flatMap((node) =>
        "ColumnDef" in node ? [readColumn(node.ColumnDef)] : [],
      ),
      likeTables: [...parents, ...elements.flatMap(likeTable)],
      isOpen: statement.ofTypename !== undefined,
      constraints: elements.flatMap(constraintOf),
      indexes: [],
    },
  ];
}

function likeTable(node: Node): string[] {
  return "TableLikeClause" in node ? [relationName(node.TableLikeClause.relation)] : [];
}

function constraintOf(node: Node): TableConstraint[] {
  const constraint = "Constraint" in node ? readTableConstraint(node.Constraint) : null;
  return constraint === null ? [] : [constraint];
}

export function readCreateTableAs(statement: CreateTableAsStmt): SchemaAction[] {
  const name = relationName(statement.into?.rel);
  if (statement.objtype === "OBJECT_MATVIEW") {
    return readCreate("materialized view", name);
  }
  return [bareTable(name, statement.if_not_exists === true)];
}

/** A SELECT … INTO makes a table. */
export function readSelectInto(statement: SelectStmt): SchemaAction[] {
  const target = statement.intoClause?.rel;
  return target === undefined ? [] : [bareTable(relationName(target), false)];
}

/** A table whose columns are not told. */
export function bareTable(table: string, ifNotExists: boolean): SchemaAction {
  return {
    kind: "createTable",
    table,
    ifNotExists,
    columns: [],
    likeTables: [],
    isOpen: true,
    constraints: [],
    indexes: [],
  };
}

export function readCreateIndex(statement: IndexStmt): SchemaAction[] {
  const elements = (statement.indexParams ?? []).flatMap((node): IndexElem[] =>
    "IndexElem" in node ? [node.IndexElem] : [],
  );
  const schema = statement.relation?.schemaname;
  return [
    {
      kind: "addIndex",
      table: relationName(statement.relation),
      index:
        statement.idxname === undefined
          ? null
          : relationName({ schemaname: schema, relname: statement.idxname }),
      unique: statement.unique === true,
      concurrently: statement.concurrent === true,
      columns: elements.map(({ name }) => (name === undefined ? "(expression)" : identifier(name))),
      special: null,
    },
  ];
}

export function readCreate(object: ObjectKind, name: string, replace = false): SchemaAction[] {
  return [{ kind: "create", object, name, table: null, replace }];
}
