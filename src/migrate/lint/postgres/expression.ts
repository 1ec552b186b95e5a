import type { Node } from "libpg-query";
import type { CheckCondition } from "../column.ts";
import { objectsOf } from "../tree.ts";
import { identifier, texts } from "./name.ts";

/**
 * Functions of PostgreSQL that give one statement the same value for every row (immutable or
 * stable), as far as they are usual in a default. Any other makes ADD COLUMN write every row.
 */
const steady = new Set(
  (
    "now transaction_timestamp statement_timestamp current_setting current_database " +
    "current_schema txid_current pg_current_xact_id to_timestamp to_date to_char to_number " +
    "date_trunc date_part make_date make_time make_timestamp make_timestamptz make_interval " +
    "timezone lower upper initcap trim btrim ltrim rtrim concat format replace repeat md5 sha256 " +
    "encode decode length abs round ceil floor array_fill string_to_array jsonb_build_object " +
    "jsonb_build_array json_build_object json_build_array to_json to_jsonb jsonb_object " +
    "array_to_json row_to_json int4range int8range numrange tsrange tstzrange daterange " +
    "to_tsvector to_tsquery point box inet_client_addr"
  ).split(" "),
);

/** Is the expression NULL, possibly under a cast? */
export function isNull(node: Node | undefined): boolean {
  let inner = node;
  while (inner !== undefined && "TypeCast" in inner) inner = inner.TypeCast.arg;
  return inner !== undefined && "A_Const" in inner && inner.A_Const.isnull === true;
}

/** Can the expression differ from row to row of one statement? */
export function isVolatile(node: Node | undefined): boolean {
  return functionsIn(node).some((path) => !isOfServer(path) || !steady.has(path.at(-1) ?? ""));
}

/** The paths of the functions that are called: `["pg_catalog", "now"]`. */
export function functionsIn(root: unknown): string[][] {
  const found: string[][] = [];
  for (const fields of objectsOf(root)) {
    const names = (fields["FuncCall"] as { funcname?: Node[] } | undefined)?.funcname;
    if (names !== undefined) found.push(texts(names));
  }
  return found;
}

export function isOfServer(path: readonly string[]): boolean {
  return path.length === 1 || path[0] === "pg_catalog";
}

export function readCheck(expression: Node | undefined): CheckCondition {
  return { columns: columnsIn(expression), notNull: demandedColumns(expression) };
}

/** The columns that an expression reads. */
export function columnsIn(root: unknown): string[] {
  const columns = new Set<string>();
  for (const fields of objectsOf(root)) {
    const path = texts((fields["ColumnRef"] as { fields?: Node[] } | undefined)?.fields);
    const column = path.at(-1);
    if (column !== undefined) columns.add(identifier(column));
  }
  return [...columns];
}

function demandedColumns(expression: Node | undefined): string[] {
  const pending = [expression];
  const demanded: string[] = [];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if ("BoolExpr" in node && node.BoolExpr.boolop === "AND_EXPR") {
      pending.push(...(node.BoolExpr.args ?? []));
    } else if ("NullTest" in node && node.NullTest.nulltesttype === "IS_NOT_NULL") {
      const tested = node.NullTest.arg;
      if (tested !== undefined && "ColumnRef" in tested) demanded.push(...columnsIn(tested));
    }
  }
  return demanded;
}

/** The text constants of a statement. */
export function constantsIn(root: unknown): Set<string> {
  const constants = new Set<string>();
  for (const fields of objectsOf(root)) {
    const text = (fields["A_Const"] as { sval?: { sval?: string } } | undefined)?.sval?.sval;
    if (text !== undefined) constants.add(text);
  }
  return constants;
}
