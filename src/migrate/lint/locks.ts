import { type ActionTable, lookUp } from "./action-table.ts";
import type { SchemaAction } from "./actions.ts";

const ofItsTable = ({ table }: { table: string }): string[] => [table];

const locks: ActionTable<null, string[]> = {
  dropTable: ofItsTable,
  renameTable: ofItsTable,
  addColumn: ({ table, column }) =>
    column.references === null ? [table] : [table, column.references],
  dropColumn: ofItsTable,
  renameColumn: ofItsTable,
  changeType: ofItsTable,
  setNotNull: ofItsTable,
  dropNotNull: ofItsTable,
  setDefault: ofItsTable,
  dropDefault: ofItsTable,
  setIdentity: ofItsTable,
  addConstraint: ({ table, constraint }) =>
    constraint.references === null ? [table] : [table, constraint.references],
  dropConstraint: ofItsTable,
  touchTable: ofItsTable,
  rewriteTable: ofItsTable,
  lockTable: ofItsTable,
  addIndex: ({ table, concurrently }) => (concurrently ? [] : [table]),
  detachPartition: ({ table, concurrently }) => (concurrently ? [] : [table]),
  removeRows: ({ table, command }) => (command === "TRUNCATE" ? [table] : []),
  compactTable: ({ table }) => (table === null ? [] : [table]),
};

/**
 * The tables on which PostgreSQL keeps a lock to the end of the transaction that writers wait for;
 * most of these make readers wait too.
 */
export function tablesLockedBy(action: SchemaAction): string[] {
  return lookUp(locks, action, null) ?? [];
}
