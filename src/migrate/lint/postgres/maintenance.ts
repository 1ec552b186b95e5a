import type {
  ClusterStmt,
  LockStmt,
  Node,
  RefreshMatViewStmt,
  ReindexStmt,
  TransactionStmt,
  VacuumStmt,
  VariableSetStmt,
} from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { relationName } from "./name.ts";
import { lockModes } from "../../postgres-lock-mode.ts";

export function readVacuum(statement: VacuumStmt): SchemaAction[] {
  if (statement.is_vacuumcmd !== true) return [];
  const outside: SchemaAction = { kind: "outsideTransaction", command: "VACUUM" };
  if (!hasOption(statement.options, "full")) return [outside];
  const tables = (statement.rels ?? []).flatMap((node) =>
    "VacuumRelation" in node ? [relationName(node.VacuumRelation.relation)] : [],
  );
  const command = "VACUUM FULL";
  const compacted: (string | null)[] = tables.length === 0 ? [null] : tables;
  return [
    outside,
    ...compacted.map((table): SchemaAction => ({ kind: "compactTable", table, command })),
  ];
}

export function readCluster(statement: ClusterStmt): SchemaAction[] {
  const table = statement.relation === undefined ? null : relationName(statement.relation);
  const compact: SchemaAction = { kind: "compactTable", table, command: "CLUSTER" };
  return table === null ? [{ kind: "outsideTransaction", command: "CLUSTER" }, compact] : [compact];
}

export function readReindex(statement: ReindexStmt): SchemaAction[] {
  const concurrently = hasOption(statement.params, "concurrently");
  const command = `REINDEX ${(statement.kind ?? "").replace("REINDEX_OBJECT_", "")}`;
  const name =
    statement.relation === undefined ? (statement.name ?? "") : relationName(statement.relation);
  const reindex: SchemaAction = { kind: "reindex", command, name, concurrently };
  if (statement.relation !== undefined || concurrently) return [reindex];
  return [{ kind: "outsideTransaction", command }, reindex];
}

/** `OPTION`, or `(OPTION true)`. */
function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return (options ?? []).some((node) => {
    if (!("DefElem" in node) || node.DefElem.defname !== name) return false;
    const { arg } = node.DefElem;
    if (arg === undefined) return true;
    if ("String" in arg) return ["true", "on", "1"].includes(arg.String.sval ?? "");
    return "Integer" in arg && arg.Integer.ival === 1;
  });
}

/** Of a mode that lets writers wait. */
export function readLock(statement: LockStmt): SchemaAction[] {
  const mode = lockModes.find(({ strength }) => strength === (statement.mode ?? lockModes.length));
  if (mode === undefined || !mode.blocksWriters) return [];
  return (statement.relations ?? []).map((node) => ({
    kind: "lockTable",
    table: "RangeVar" in node ? relationName(node.RangeVar) : "",
    mode: mode.name,
  }));
}

export function readRefresh(statement: RefreshMatViewStmt): SchemaAction[] {
  const concurrently = statement.concurrent === true;
  return [{ kind: "refreshView", view: relationName(statement.relation), concurrently }];
}

export function readTransaction(statement: TransactionStmt): SchemaAction[] {
  const command = (statement.kind ?? "").replace("TRANS_STMT_", "").replaceAll("_", " ");
  const isInner = ["SAVEPOINT", "RELEASE", "ROLLBACK TO"].includes(command);
  return isInner ? [] : [{ kind: "transaction", command }];
}

export function readSetting(statement: VariableSetStmt): SchemaAction[] {
  const name = statement.name ?? "";
  if (statement.kind !== "VAR_SET_VALUE") return [{ kind: "setting", name, value: "default" }];
  const [node] = statement.args ?? [];
  const constant = node !== undefined && "A_Const" in node ? node.A_Const : {};
  const value = constant.sval?.sval ?? String(constant.ival?.ival ?? 0);
  const setting: SchemaAction = { kind: "setting", name, value };
  if (name !== "search_path" || value === "public" || value === "$user") return [setting];
  const what = `the statements after SET search_path = ${value}, whose names mean other tables`;
  return [setting, { kind: "hidden", what }];
}
