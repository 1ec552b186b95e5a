import type { LockModeName } from "../../postgres-lock-mode.ts";
import { lockModes } from "../../postgres-lock-mode.ts";
import type { Node, ParsedStatement, RangeVar } from "./parse.ts";

/** A lock that a statement takes by its kind, whatever else it takes. */
export interface NeededLock {
  schema: string | null;
  name: string;
  mode: LockModeName;
}

/**
 * The locks that statements take on the tables and indexes that they name, as the manual says for
 * their kind: for where a lock cannot be observed, because the session holds it already. Of a kind
 * that is not known, the strongest.
 * https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
export function neededLocks(statements: readonly ParsedStatement[]): NeededLock[] {
  return statements.flatMap(({ kind, node }) => {
    const special = byKind[kind];
    if (special !== undefined) return special(node);
    return on("ACCESS EXCLUSIVE", node.relation, node.table);
  });
}

const writes = (node: Node) => on("ROW EXCLUSIVE", node.relation);

const byKind: Record<string, (node: Node) => NeededLock[]> = {
  InsertStmt: writes,
  UpdateStmt: writes,
  DeleteStmt: writes,
  MergeStmt: writes,
  CopyStmt: (node) => on(node.is_from === true ? "ROW EXCLUSIVE" : "ACCESS SHARE", node.relation),
  AlterTableStmt: alterTable,
  IndexStmt: (node) => on(node.concurrent ? "SHARE UPDATE EXCLUSIVE" : "SHARE", node.relation),
  CreateTrigStmt: (node) => on("SHARE ROW EXCLUSIVE", node.relation),
  CreateStatsStmt: () => [],
  CommentStmt: () => [],
  ViewStmt: () => [],
  CreateSeqStmt: () => [],
  CreateStmt: createTable,
  RenameStmt: (node) =>
    on(
      node.renameType === "OBJECT_INDEX" ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE",
      node.relation,
    ),
  TruncateStmt: ({ relations = [] }) =>
    on("ACCESS EXCLUSIVE", ...relations.map(({ RangeVar: table }) => table)),
  LockStmt: ({ relations = [], mode = 8 }) =>
    on(
      (lockModes[mode - 1]?.name ?? "ACCESS EXCLUSIVE") as LockModeName,
      ...relations.map(({ RangeVar: table }) => table),
    ),
  DropStmt: drop,
  RefreshMatViewStmt: (node) =>
    on(node.concurrent ? "EXCLUSIVE" : "ACCESS EXCLUSIVE", node.relation),
  ReindexStmt: reindex,
  VacuumStmt: vacuum,
};

function on(mode: LockModeName, ...tables: (RangeVar | undefined)[]): NeededLock[] {
  return tables.flatMap((table) => {
    if (table?.relname === undefined) return [];
    return [{ schema: table.schemaname ?? null, name: table.relname, mode }];
  });
}

/** Subcommands that need less than ACCESS EXCLUSIVE. */
const gentle: Record<string, LockModeName> = {
  AT_ValidateConstraint: "SHARE UPDATE EXCLUSIVE",
  AT_SetStatistics: "SHARE UPDATE EXCLUSIVE",
  AT_SetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetOptions: "SHARE UPDATE EXCLUSIVE",
  AT_SetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ResetRelOptions: "SHARE UPDATE EXCLUSIVE",
  AT_ClusterOn: "SHARE UPDATE EXCLUSIVE",
  AT_DropCluster: "SHARE UPDATE EXCLUSIVE",
  AT_AttachPartition: "SHARE UPDATE EXCLUSIVE",
  AT_EnableTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableAlwaysTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableReplicaTrig: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_EnableTrigUser: "SHARE ROW EXCLUSIVE",
  AT_DisableTrig: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigAll: "SHARE ROW EXCLUSIVE",
  AT_DisableTrigUser: "SHARE ROW EXCLUSIVE",
};

function alterTable({ relation, cmds = [] }: Node): NeededLock[] {
  return cmds.flatMap(({ AlterTableCmd: command = {} }) => {
    const { subtype = "" } = command;
    const constraint = command.def?.["Constraint"];
    if (constraint?.contype === "CONSTR_FOREIGN") {
      return on("SHARE ROW EXCLUSIVE", relation, constraint.pktable);
    }
    const partition = command.def?.["PartitionCmd"]?.name;
    return [
      ...on(gentle[subtype] ?? "ACCESS EXCLUSIVE", relation),
      ...on("ACCESS EXCLUSIVE", partition),
    ];
  });
}

/** A new table locks those that it refers to, and those that it becomes a part of. */
function createTable({ tableElts = [], inhRelations = [], partbound }: Node): NeededLock[] {
  const constraints = tableElts.flatMap(({ Constraint: own, ColumnDef: column }) => [
    own,
    ...(column?.constraints ?? []).map(({ Constraint: constraint }) => constraint),
  ]);
  const referenced = constraints.map((constraint) => constraint?.pktable);
  const parents = inhRelations.map(({ RangeVar: table }) => table);
  return [
    ...on("SHARE ROW EXCLUSIVE", ...referenced),
    ...on(partbound === undefined ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE", ...parents),
  ];
}

/** Objects that are named with the table that they belong to. */
const partsOfTables = ["OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_RULE"];
const relations = [
  "OBJECT_TABLE",
  "OBJECT_INDEX",
  "OBJECT_VIEW",
  "OBJECT_MATVIEW",
  "OBJECT_FOREIGN_TABLE",
  "OBJECT_SEQUENCE",
];

function drop({ objects = [], removeType = "", concurrent }: Node): NeededLock[] {
  const isPart = partsOfTables.includes(removeType);
  if (!isPart && !relations.includes(removeType)) return [];
  return objects.flatMap(({ List: list }) => {
    const names = (list?.items ?? []).map(({ String: text }) => text?.sval ?? "");
    const [relname = "", schemaname] = (isPart ? names.slice(0, -1) : names).toReversed();
    const table = schemaname === undefined ? { relname } : { relname, schemaname };
    return on(concurrent === true ? "SHARE UPDATE EXCLUSIVE" : "ACCESS EXCLUSIVE", table);
  });
}

function reindex({ kind, params = [], relation }: Node): NeededLock[] {
  if (params.some(({ DefElem }) => DefElem?.defname === "concurrently")) {
    return on("SHARE UPDATE EXCLUSIVE", relation);
  }
  return on(kind === "REINDEX_OBJECT_INDEX" ? "ACCESS EXCLUSIVE" : "SHARE", relation);
}

function vacuum({ options = [], rels = [] }: Node): NeededLock[] {
  const isFull = options.some(({ DefElem }) => DefElem?.defname === "full");
  const tables = rels.map(({ VacuumRelation: one }) => one?.relation);
  return on(isFull ? "ACCESS EXCLUSIVE" : "SHARE UPDATE EXCLUSIVE", ...tables);
}
