import type {
  ColumnDefinition,
  ColumnsAndConstraintsCreateTableBody,
  CreateTableStmt,
  ForeignKeyClause,
  NamedColumnConstraint,
  NamedTableConstraint,
} from "sqlite3-parser";
import { withoutParentheses } from "../expression/parentheses.ts";
import { type Column, type ForeignKey, type Key, type Table, emptyTable, given } from "../model.ts";
import { normaliseType } from "../types/normalise.ts";
import { textOf } from "./statement.ts";
import { readTerms } from "./terms.ts";

/** https://sqlite.org/src/file/src/sqliteInt.h: TF_WithoutRowid, TF_Strict. */
const flags = { withoutRowid: 0x80, strict: 0x10000 };

/** A table from the statement that SQLite keeps of it, which ALTER TABLE rewrites. */
export function readTable(sql: string, statement: CreateTableStmt): Table {
  const { body } = statement;
  const table = emptyTable(statement.tblName.objName.text);
  // SQLite writes out the columns of what was created from a SELECT.
  if (body.type !== "ColumnsAndConstraintsCreateTableBody") return table;
  table.options = optionsOf(body);
  for (const one of body.columns) readColumn(sql, one, table);
  for (const one of body.constraints ?? []) readConstraint(sql, one, table);
  return table;
}

function optionsOf(body: ColumnsAndConstraintsCreateTableBody): Table["options"] {
  return {
    ...((body.flags & flags.strict) !== 0 ? { strict: "true" } : {}),
    ...((body.flags & flags.withoutRowid) !== 0 ? { "without rowid": "true" } : {}),
  };
}

function readColumn(sql: string, definition: ColumnDefinition, table: Table): void {
  const { colType } = definition;
  const column: Column = {
    name: definition.colName.text,
    type: colType === undefined ? "" : normaliseType(textOf(sql, colType), "sqlite"),
    nullable: true,
  };
  table.columns.push(column);
  for (const one of definition.constraints) {
    readColumnConstraint(sql, one, column, table);
  }
}

function readColumnConstraint(
  sql: string,
  { name, constraint }: NamedColumnConstraint,
  column: Column,
  table: Table,
): void {
  switch (constraint.type) {
    case "PrimaryKeyColumnConstraint": {
      const term = { column: column.name, ...given({ descending: constraint.order === "Desc" }) };
      table.primaryKey = { ...keyFields(name, constraint.conflictClause), terms: [term] };
      if (constraint.autoIncrement) column.identity = { kind: "automatic" };
      return;
    }
    case "UniqueColumnConstraint":
      table.uniques.push({
        ...keyFields(name, constraint.conflictClause),
        terms: [{ column: column.name }],
      });
      return;
    case "NotNullColumnConstraint":
      column.nullable = constraint.nullable;
      Object.assign(column, given<Column>({ onConflict: conflict(constraint.conflictClause) }));
      return;
    case "CheckColumnConstraint":
      table.checks.push({
        ...given({ name: name?.text }),
        expression: withoutParentheses(textOf(sql, constraint.expr), "sqlite"),
      });
      return;
    case "DefaultColumnConstraint":
      Object.assign(column, given<Column>({ default: defaultOf(sql, constraint) }));
      return;
    case "CollateColumnConstraint":
      Object.assign(column, given<Column>({ collation: collation(constraint.collationName.text) }));
      return;
    case "GeneratedColumnConstraint":
      column.generated = {
        expression: withoutParentheses(textOf(sql, constraint.expr), "sqlite"),
        stored: constraint.typ?.name.toLowerCase() === "stored",
      };
      return;
    case "ForeignKeyColumnConstraint":
      table.foreignKeys.push({
        ...given({ name: name?.text }),
        columns: [column.name],
        ...reference(constraint.clause),
      });
      return;
    case "DeferColumnConstraint":
      Object.assign(table.foreignKeys.at(-1) ?? {}, deferral(constraint.clause));
  }
}

function readConstraint(
  sql: string,
  { name, constraint }: NamedTableConstraint,
  table: Table,
): void {
  switch (constraint.type) {
    case "PrimaryKeyTableConstraint": {
      const terms = readTerms(sql, constraint.columns);
      table.primaryKey = { ...keyFields(name, constraint.conflictClause), terms };
      const only = table.columns.find((column) => column.name === terms[0]?.column);
      if (constraint.autoIncrement && only !== undefined) only.identity = { kind: "automatic" };
      return;
    }
    case "UniqueTableConstraint":
      table.uniques.push({
        ...keyFields(name, constraint.conflictClause),
        terms: readTerms(sql, constraint.columns),
      });
      return;
    case "CheckTableConstraint":
      table.checks.push({
        ...given({ name: name?.text }),
        expression: withoutParentheses(textOf(sql, constraint.expr), "sqlite"),
      });
      return;
    case "ForeignKeyTableConstraint":
      table.foreignKeys.push({
        ...given({ name: name?.text }),
        columns: constraint.columns.map(({ colName }) => colName.text),
        ...reference(constraint.clause),
        ...(constraint.deferClause === undefined ? {} : deferral(constraint.deferClause)),
      });
  }
}

function keyFields(name: { text: string } | undefined, clause: string | undefined): Partial<Key> {
  return given<Key>({ name: name?.text, onConflict: conflict(clause) });
}

/** ABORT is what happens without a clause. */
function conflict(clause: string | undefined): string | null {
  return clause === undefined || clause === "Abort" ? null : clause.toLowerCase();
}

function collation(name: string): string | null {
  return name.toLowerCase() === "binary" ? null : name.toLowerCase();
}

function defaultOf(
  sql: string,
  constraint: Extract<NamedColumnConstraint["constraint"], { type: "DefaultColumnConstraint" }>,
): string | null {
  const { expr } = constraint;
  if (expr.type === "NullLiteral") return null;
  // A name in double quotes is a text here.
  if (expr.type === "Id" && !/^(true|false)$/i.test(expr.name)) {
    return `'${expr.name.replaceAll("'", "''")}'`;
  }
  return withoutParentheses(textOf(sql, constraint).replace(/^\s*default/i, ""), "sqlite");
}

function reference(clause: ForeignKeyClause): Omit<ForeignKey, "columns"> {
  const action = (type: "OnDeleteRefArg" | "OnUpdateRefArg"): string | null => {
    const found = clause.args.findLast((one) => one.type === type);
    if (found === undefined || !("action" in found) || found.action === "NoAction") return null;
    return found.action.replace(/(?!^)([A-Z])/g, " $1").toLowerCase();
  };
  return {
    table: clause.tblName.text,
    referenced: (clause.columns ?? []).map(({ colName }) => colName.text),
    // SQLite reads MATCH and does nothing with it.
    ...given<ForeignKey>({
      onDelete: action("OnDeleteRefArg"),
      onUpdate: action("OnUpdateRefArg"),
    }),
  };
}

function deferral(clause: { deferrable: boolean; initDeferred?: string }): Partial<ForeignKey> {
  if (!clause.deferrable) return {};
  const initially = clause.initDeferred === "InitiallyDeferred";
  return { deferral: initially ? "initially deferred" : "deferrable" };
}
