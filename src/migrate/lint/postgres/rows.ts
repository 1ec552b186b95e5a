import type {
  DeleteStmt,
  InsertStmt,
  MergeStmt,
  Node,
  RangeVar,
  SelectStmt,
  TruncateStmt,
  UpdateStmt,
} from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { objectsOf } from "../tree.ts";
import { readSelectInto } from "./create.ts";
import { functionsIn, isOfServer } from "./expression.ts";
import { relationName, spelledName } from "./name.ts";

/** Functions of the server that a migration selects, and that change no schema. */
const harmless = new Set(
  (
    "setval nextval currval lastval set_config current_setting now version count max min sum avg " +
    "coalesce greatest least array_agg string_agg json_agg jsonb_agg length lower upper concat " +
    "format to_regclass to_regtype current_database current_schema row_number rank generate_series " +
    "unnest random gen_random_uuid md5 abs round now clock_timestamp date_trunc"
  ).split(" "),
);

/** Rows that a statement changes or removes, also from inside its WITH. */
export function readRowChanges(statement: Node): SchemaAction[] {
  const actions: SchemaAction[] = [];
  for (const fields of objectsOf(statement)) {
    if ("UpdateStmt" in fields) actions.push(readUpdate(fields["UpdateStmt"] as UpdateStmt));
    if ("DeleteStmt" in fields) actions.push(readDelete(fields["DeleteStmt"] as DeleteStmt));
    if ("MergeStmt" in fields) actions.push(readMerge(fields["MergeStmt"] as MergeStmt));
    if ("InsertStmt" in fields) actions.push(...readInsert(fields["InsertStmt"] as InsertStmt));
  }
  return actions;
}

function readUpdate(statement: UpdateStmt): SchemaAction {
  const everyRow = statement.whereClause === undefined && statement.fromClause === undefined;
  const table = relationName(statement.relation);
  return { kind: "changeRows", table, command: "UPDATE", everyRow };
}

function readDelete(statement: DeleteStmt): SchemaAction {
  const table = relationName(statement.relation);
  if (statement.whereClause === undefined && statement.usingClause === undefined) {
    return { kind: "removeRows", table, command: "DELETE", cascade: false };
  }
  return { kind: "changeRows", table, command: "DELETE", everyRow: false };
}

function readMerge(statement: MergeStmt): SchemaAction {
  const table = relationName(statement.relation);
  return { kind: "changeRows", table, command: "MERGE", everyRow: false };
}

function readInsert(statement: InsertStmt): SchemaAction[] {
  const from = new Set<string>();
  for (const fields of objectsOf(statement.selectStmt)) {
    if ("RangeVar" in fields) from.add(relationName(fields["RangeVar"] as RangeVar));
  }
  if (from.size === 0) return [];
  return [{ kind: "copyRows", table: relationName(statement.relation), from: [...from] }];
}

export function readTruncate(statement: TruncateStmt): SchemaAction[] {
  const cascade = statement.behavior === "DROP_CASCADE";
  return (statement.relations ?? []).map((node) => ({
    kind: "removeRows",
    table: "RangeVar" in node ? relationName(node.RangeVar) : "",
    command: "TRUNCATE",
    cascade,
  }));
}

/** A SELECT in a migration is there for what its functions do. */
export function readSelect(statement: SelectStmt): SchemaAction[] {
  const called = functionsIn(statement).filter(
    (path) => !isOfServer(path) || !isHarmless(path.at(-1) ?? ""),
  );
  return [
    ...readSelectInto(statement),
    ...readRowChanges({ SelectStmt: statement }),
    ...called.map(
      (path): SchemaAction => ({ kind: "hidden", what: `the function ${path.join(".")}()` }),
    ),
  ];
}

function isHarmless(name: string): boolean {
  return harmless.has(name) || name.startsWith("pg_");
}

export function readCall(procedure: readonly Node[] | undefined): SchemaAction[] {
  return [{ kind: "hidden", what: `the procedure ${spelledName(procedure)}()` }];
}
