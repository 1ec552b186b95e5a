import type { CheckCondition, ColumnDefinition, ColumnType } from "./column.ts";

/** What a schema holds besides tables and indexes. */
export type ObjectKind =
  | "view"
  | "materialized view"
  | "function"
  | "type"
  | "schema"
  | "sequence"
  | "trigger"
  | "extension"
  | "policy";

export interface TableConstraint {
  kind: "primaryKey" | "unique" | "exclusion" | "check" | "foreignKey" | "notNull";
  /** Null where the database makes one up. */
  name: string | null;
  columns: string[];
  /** The rows that are there are looked at: not NOT VALID. */
  validated: boolean;
  enforced: boolean;
  /** The index that it takes over. */
  usingIndex: string | null;
  /** The table that a foreign key references. */
  references: string | null;
  check: CheckCondition | null;
}

interface OfTable {
  table: string;
}

interface OfColumn extends OfTable {
  column: string;
}

interface Kinds {
  createTable: OfTable & {
    ifNotExists: boolean;
    columns: ColumnDefinition[];
    /** The tables whose columns it has besides, as by LIKE or INHERITS. */
    likeTables: string[];
    /** It has columns that are not told, as by AS SELECT. */
    isOpen: boolean;
    constraints: TableConstraint[];
    indexes: { name: string; unique: boolean; columns: string[] }[];
  };
  dropTable: OfTable & { cascade: boolean };
  renameTable: OfTable & { to: string };

  addColumn: OfTable & { column: ColumnDefinition };
  dropColumn: OfColumn & { cascade: boolean };
  renameColumn: OfColumn & { to: string };
  /** `using`: values are converted, or ordered, in another way than the type says. */
  changeType: OfColumn & { type: ColumnType; using: boolean };
  /** The whole definition anew, under the same name or another, as MySQL's MODIFY and CHANGE do. */
  redefineColumn: OfColumn & { definition: ColumnDefinition };
  setNotNull: OfColumn;
  dropNotNull: OfColumn;
  setDefault: OfColumn;
  dropDefault: OfColumn;
  setIdentity: OfColumn & { identity: "always" | "default" };

  addIndex: OfTable & {
    index: string | null;
    unique: boolean;
    concurrently: boolean;
    columns: string[];
    /** Only ordinary ones are built beside writers in MySQL. */
    special: "fulltext" | "spatial" | null;
  };
  dropIndex: { table: string | null; index: string; concurrently: boolean; cascade: boolean };
  reindex: { command: string; name: string; concurrently: boolean };

  addConstraint: OfTable & { constraint: TableConstraint };
  validateConstraint: OfTable & { constraint: string };
  dropConstraint: OfTable & { constraint: string; cascade: boolean };
  dropPrimaryKey: OfTable;

  /** Anything else about a table that only touches the catalogue; it takes a lock all the same. */
  touchTable: OfTable & { clause: string };
  /** Every row is written anew. */
  rewriteTable: OfTable & { clause: string; level: "error" | "warning" };
  compactTable: { table: string | null; command: string };
  lockTable: OfTable & { mode: string };
  refreshView: { view: string; concurrently: boolean };
  detachPartition: OfTable & { partition: string; concurrently: boolean };

  /** Every row goes. */
  removeRows: OfTable & { command: string; cascade: boolean };
  changeRows: OfTable & { command: string; everyRow: boolean };
  copyRows: OfTable & { from: string[] };

  create: { object: ObjectKind; name: string; table: string | null; replace: boolean };
  drop: { object: ObjectKind; name: string; table: string | null; cascade: boolean };
  rename: { object: ObjectKind; name: string; to: string };
  /** A type, or what it is made of, gets another name or shape. */
  alterType: { type: string; change: string };
  addEnumValue: { type: string; value: string };
  restrictAccess: { table: string | null; what: string };

  transaction: { command: string };
  setting: { name: string; value: string };
  /** The server refuses it inside a transaction. */
  outsideTransaction: { command: string };
  /** It may change anything. */
  hidden: { what: string };
  unreadable: { reason: string };
}

export type ActionKind = keyof Kinds;

/**
 * One thing that a statement does, in the same words for every database. Names are written as that
 * database writes them in SQL (`public.` and `main.` left out), so that they can go into a rewrite.
 */
export type SchemaAction = { [Kind in ActionKind]: Kinds[Kind] & { kind: Kind } }[ActionKind];

export type ActionOf<Kind extends ActionKind> = Extract<SchemaAction, { kind: Kind }>;
