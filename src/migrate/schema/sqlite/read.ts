import type { Knex } from "knex";
import type { Stmt } from "sqlite3-parser";
import { type Index, type Schema, type Table, emptySchema, given } from "../model.ts";
import { isOwnName } from "../names.ts";
import { sortSchema } from "../order.ts";
import { columnsOf } from "../terms.ts";
import { loadParser, textOf } from "./statement.ts";
import { readTable } from "./table.ts";
import { readTerms } from "./terms.ts";

interface Row {
  type: "table" | "index" | "view" | "trigger";
  name: string;
  tbl_name: string;
  sql: string;
}

/** Reads the main database of a SQLite connection. */
export async function readSqlite(session: Knex): Promise<Schema> {
  const parse = await loadParser();
  const rows = await session.raw<Row[]>(
    "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL ORDER BY name",
  );
  const kinds = await session.raw<{ name: string; type: string }[]>(
    "SELECT name, type FROM pragma_table_list WHERE schema = 'main'",
  );
  // The tables in which a virtual one keeps its content are its own matter.
  const shadows = new Set(kinds.filter(({ type }) => type === "shadow").map(({ name }) => name));
  const schema = emptySchema("sqlite");
  const kept = rows.filter(({ tbl_name, name }) => {
    const hidden = [tbl_name, name].some((one) => isOwnName(one) || /^sqlite_/i.test(one));
    return !hidden && !shadows.has(tbl_name);
  });
  for (const row of kept) {
    if (row.type === "trigger") {
      schema.triggers.push({ name: row.name, table: row.tbl_name, definition: row.sql });
    } else {
      add(schema, row.sql, parse(row.sql));
    }
  }
  const indexes = kept.filter(({ type }) => type === "index");
  for (const row of indexes) addIndex(schema, row, parse(row.sql));
  return settled(schema);
}

function add(schema: Schema, sql: string, statement: Stmt): void {
  if (statement.type === "CreateTableStmt") schema.tables.push(readTable(sql, statement));
  if (statement.type === "CreateViewStmt") {
    schema.views.push({
      name: statement.viewName.objName.text,
      kind: "view",
      definition: textOf(sql, statement.select).trim(),
      columns: (statement.columns ?? []).map(({ colName }) => colName.text),
      options: {},
      indexes: [],
    });
  }
  if (statement.type === "CreateVirtualTableStmt") {
    schema.views.push({
      name: statement.tblName.objName.text,
      kind: "virtual",
      definition: `${statement.moduleName.text}(${(statement.args ?? []).join(", ")})`,
      columns: [],
      options: {},
      indexes: [],
    });
  }
}

function addIndex(schema: Schema, row: Row, statement: Stmt): void {
  if (statement.type !== "CreateIndexStmt") return;
  const { whereClause, columns, unique } = statement;
  const table = schema.tables.find((one) => sameName(one.name, row.tbl_name));
  table?.indexes.push({
    name: row.name,
    terms: readTerms(row.sql, columns),
    ...given<Index>({
      unique,
      predicate: whereClause === undefined ? null : textOf(row.sql, whereClause),
    }),
  });
}

/** In order, with the columns that foreign keys refer to without naming them. */
function settled(schema: Schema): Schema {
  for (const key of schema.tables.flatMap(({ foreignKeys }) => foreignKeys)) {
    const parent = schema.tables.find(({ name }) => sameName(name, key.table));
    if (key.referenced.length === 0) key.referenced = primaryColumns(parent);
    key.table = parent?.name ?? key.table;
  }
  return sortSchema(schema);
}

function primaryColumns(table: Table | undefined): string[] {
  return columnsOf(table?.primaryKey?.terms ?? []);
}

function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
