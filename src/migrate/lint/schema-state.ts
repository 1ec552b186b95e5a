import type { Dialect } from "../../database/address.ts";
import type { TableConstraint } from "./actions.ts";
import type { ColumnDefinition } from "./column.ts";
import { nameKey } from "./names.ts";

export interface KnownColumn {
  /** It was made by this set of migrations. */
  isNew: boolean;
  /** Null where only its name is known. */
  definition: ColumnDefinition | null;
}

export interface KnownTable {
  isNew: boolean;
  /** Every column is known, since its CREATE TABLE was read. */
  isComplete: boolean;
  /** The tables all of whose columns it has, known or not. */
  keepsAllOf: Set<string>;
  columns: Map<string, KnownColumn>;
  constraints: Map<string, TableConstraint>;
  /** The tables that rows were copied from. */
  filledFrom: Set<string>;
}

export interface KnownIndex {
  isNew: boolean;
  unique: boolean;
}

/** All maps are by the keys of names. */
export interface SchemaState {
  dialect: Dialect;
  /** What is made from here on is new. */
  isNew: boolean;
  tables: Map<string, KnownTable>;
  /** As they were when they were dropped or renamed. */
  former: Map<string, KnownTable>;
  /** What a table was renamed to, by the name that it had. */
  renamed: Map<string, string>;
  indexes: Map<string, KnownIndex>;
  /** `view users`, `type state`. */
  newObjects: Set<string>;
}

export function emptyState(dialect: Dialect): SchemaState {
  return {
    dialect,
    isNew: false,
    tables: new Map(),
    former: new Map(),
    renamed: new Map(),
    indexes: new Map(),
    newObjects: new Set(),
  };
}

export function keyOf(state: SchemaState, name: string): string {
  return nameKey(state.dialect, name);
}

/** The table; noted as one that was there before, if nothing is known of it. */
export function openTable(state: SchemaState, name: string): KnownTable {
  const key = keyOf(state, name);
  const known = state.tables.get(key);
  if (known !== undefined) return known;
  const opened = unknownTable();
  state.tables.set(key, opened);
  return opened;
}

export function unknownTable(): KnownTable {
  return {
    isNew: false,
    isComplete: false,
    keepsAllOf: new Set(),
    columns: new Map(),
    constraints: new Map(),
    filledFrom: new Set(),
  };
}
