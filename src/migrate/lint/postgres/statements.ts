import type { AlterDomainStmt, CreateSchemaStmt, CreateTrigStmt, Node } from "libpg-query";
import type { SchemaAction } from "../actions.ts";
import { readCreatePolicy, readGrant, readGrantRole } from "./access.ts";
import { readAlterTable } from "./alter-table.ts";
import {
  bareTable,
  readCreate,
  readCreateIndex,
  readCreateTable,
  readCreateTableAs,
} from "./create.ts";
import { readAlterEnum, readDrop, readRename, readSetSchema } from "./drop-rename.ts";
import {
  readCluster,
  readLock,
  readRefresh,
  readReindex,
  readSetting,
  readTransaction,
  readVacuum,
} from "./maintenance.ts";
import { identifier, objectName, relationName, spelledName } from "./name.ts";
import { readCall, readRowChanges, readSelect, readTruncate } from "./rows.ts";

type NodeName = Node extends infer Each ? (Each extends Each ? keyof Each : never) : never;
type ContentOf<Name extends NodeName> = Extract<Node, Record<Name, unknown>>[Name];
type Readers = { [Name in NodeName]?: (content: ContentOf<Name>) => SchemaAction[] };

const nothing = (): SchemaAction[] => [];

/** What changes neither tables nor rows that a release knows. */
const harmless: Readers = {
  AlterDatabaseSetStmt: nothing,
  AlterDatabaseStmt: nothing,
  AlterDefaultPrivilegesStmt: nothing,
  AlterFunctionStmt: nothing,
  AlterObjectDependsStmt: nothing,
  AlterPolicyStmt: nothing,
  AlterRoleSetStmt: nothing,
  AlterSeqStmt: nothing,
  AlterStatsStmt: nothing,
  AlterTypeStmt: nothing,
  CheckPointStmt: nothing,
  CommentStmt: nothing,
  ConstraintsSetStmt: nothing,
  CopyStmt: nothing,
  CreateAmStmt: nothing,
  CreateCastStmt: nothing,
  CreateConversionStmt: nothing,
  CreateExtensionStmt: nothing,
  CreateFdwStmt: nothing,
  CreateForeignServerStmt: nothing,
  CreateOpClassStmt: nothing,
  CreateOpFamilyStmt: nothing,
  CreatePLangStmt: nothing,
  CreatePublicationStmt: nothing,
  CreateRoleStmt: nothing,
  CreateStatsStmt: nothing,
  CreateTransformStmt: nothing,
  CreateUserMappingStmt: nothing,
  DeallocateStmt: nothing,
  DefineStmt: nothing,
  DiscardStmt: nothing,
  ListenStmt: nothing,
  NotifyStmt: nothing,
  PrepareStmt: nothing,
  SecLabelStmt: nothing,
  UnlistenStmt: nothing,
  VariableShowStmt: nothing,
};

const ofTables: Readers = {
  AlterTableStmt: readAlterTable,
  AlterObjectSchemaStmt: readSetSchema,
  CreateStmt: readCreateTable,
  CreateTableAsStmt: readCreateTableAs,
  CreateForeignTableStmt: ({ base }) => [bareTable(relationName(base?.relation), false)],
  DropStmt: readDrop,
  IndexStmt: readCreateIndex,
  RenameStmt: readRename,
};

const ofOtherObjects: Readers = {
  AlterDomainStmt: readAlterDomain,
  AlterEnumStmt: readAlterEnum,
  CompositeTypeStmt: ({ typevar }) => readCreate("type", relationName(typevar)),
  CreateDomainStmt: ({ domainname }) => readCreate("type", spelledName(domainname)),
  CreateEnumStmt: ({ typeName }) => readCreate("type", spelledName(typeName)),
  CreateFunctionStmt: ({ funcname, replace }) =>
    readCreate("function", spelledName(funcname), replace === true),
  CreateRangeStmt: ({ typeName }) => readCreate("type", spelledName(typeName)),
  CreateSchemaStmt: readCreateSchema,
  CreateSeqStmt: ({ sequence }) => readCreate("sequence", relationName(sequence)),
  CreateTrigStmt: readCreateTrigger,
  ViewStmt: ({ view, replace }) => readCreate("view", relationName(view), replace === true),
};

const ofAccess: Readers = {
  AlterRoleStmt: () => restrict("ALTER ROLE"),
  AlterOwnerStmt: ({ object }) => restrict(`OWNER TO on ${objectName(object)}`),
  CreatePolicyStmt: readCreatePolicy,
  DropRoleStmt: () => restrict("DROP ROLE"),
  GrantRoleStmt: readGrantRole,
  GrantStmt: readGrant,
  ReassignOwnedStmt: () => restrict("REASSIGN OWNED"),
};

const ofRows: Readers = {
  CallStmt: ({ funccall }) => readCall(funccall?.funcname),
  DeleteStmt: (content) => readRowChanges({ DeleteStmt: content }),
  DoStmt: () => [{ kind: "hidden", what: "the DO block" }],
  ExecuteStmt: ({ name }) => [{ kind: "hidden", what: `the prepared statement ${name}` }],
  InsertStmt: (content) => readRowChanges({ InsertStmt: content }),
  MergeStmt: (content) => readRowChanges({ MergeStmt: content }),
  SelectStmt: readSelect,
  TruncateStmt: readTruncate,
  UpdateStmt: (content) => readRowChanges({ UpdateStmt: content }),
};

const ofMaintenance: Readers = {
  AlterSystemStmt: () => outside("ALTER SYSTEM"),
  ClusterStmt: readCluster,
  CreateTableSpaceStmt: () => outside("CREATE TABLESPACE"),
  CreatedbStmt: () => outside("CREATE DATABASE"),
  DropTableSpaceStmt: () => outside("DROP TABLESPACE"),
  DropdbStmt: ({ dbname }) => [
    ...outside("DROP DATABASE"),
    { kind: "drop", object: "schema", name: identifier(dbname), table: null, cascade: true },
  ],
  LockStmt: readLock,
  RefreshMatViewStmt: readRefresh,
  ReindexStmt: readReindex,
  TransactionStmt: readTransaction,
  VacuumStmt: readVacuum,
  VariableSetStmt: readSetting,
};

/** How the statements of PostgreSQL are read; one that is absent may do anything. */
export const statementReaders: Readers = {
  ...harmless,
  ...ofTables,
  ...ofOtherObjects,
  ...ofAccess,
  ...ofRows,
  ...ofMaintenance,
};

/** A new constraint of a domain holds for every table with a column of it. */
function readAlterDomain({ subtype, typeName }: AlterDomainStmt): SchemaAction[] {
  const change = { C: "adds a constraint to it", O: "makes it NOT NULL" }[subtype ?? ""];
  if (change === undefined) return [];
  return [{ kind: "alterType", type: spelledName(typeName), change }];
}

function readCreateSchema(statement: CreateSchemaStmt): SchemaAction[] {
  const { schemaname, schemaElts = [] } = statement;
  const inner = schemaElts.flatMap((node) =>
    "CreateStmt" in node ? readCreateTable(node.CreateStmt) : [],
  );
  return [...readCreate("schema", identifier(schemaname)), ...inner];
}

/** It takes a lock on its table that writers wait for, though only for a moment. */
function readCreateTrigger(statement: CreateTrigStmt): SchemaAction[] {
  const table = relationName(statement.relation);
  const name = identifier(statement.trigname);
  const replace = statement.replace === true;
  return [
    { kind: "create", object: "trigger", name, table, replace },
    { kind: "touchTable", table, clause: "CREATE TRIGGER" },
  ];
}

function restrict(what: string): SchemaAction[] {
  return [{ kind: "restrictAccess", table: null, what }];
}

function outside(command: string): SchemaAction[] {
  return [{ kind: "outsideTransaction", command }];
}
