import type { ActionTable } from "./action-table.ts";
import type { ActionOf, TableConstraint } from "./actions.ts";
import { columnEffects } from "./column-effects.ts";
import {
  type KnownTable,
  type SchemaState,
  keyOf,
  openTable,
  unknownTable,
} from "./schema-state.ts";

/** What actions do to what is known of the schema. */
export const schemaEffects: ActionTable<SchemaState, void> = {
  ...columnEffects,
  createTable,
  dropTable: ({ table }, state) => forgetTable(state, table),
  renameTable,
  create: createObject,
  copyRows({ table, from }, state) {
    for (const source of from) openTable(state, table).filledFrom.add(keyOf(state, source));
  },
  addIndex({ table, index, unique }, state) {
    if (index !== null) addIndex(state, table, index, unique);
  },
  dropIndex({ index }, state) {
    state.indexes.delete(keyOf(state, index));
  },
  addConstraint: ({ table, constraint }, state) => addConstraint(state, table, constraint),
  validateConstraint({ table, constraint }, state) {
    const known = openTable(state, table).constraints.get(keyOf(state, constraint));
    if (known !== undefined) known.validated = true;
  },
  dropConstraint({ table, constraint }, state) {
    openTable(state, table).constraints.delete(keyOf(state, constraint));
    state.indexes.delete(keyOf(state, constraint));
  },
};

function createTable(action: ActionOf<"createTable">, state: SchemaState): void {
  const { table, columns, constraints, indexes } = action;
  const { isNew } = state;
  const key = keyOf(state, table);
  if (action.ifNotExists && state.tables.has(key)) return;
  const likeKeys = action.likeTables.map((name) => keyOf(state, name));
  const isComplete =
    !action.isOpen && likeKeys.every((name) => state.tables.get(name)?.isComplete === true);
  const created = { ...unknownTable(), isNew, isComplete, keepsAllOf: new Set(likeKeys) };
  for (const like of likeKeys) {
    for (const [name, { definition }] of state.tables.get(like)?.columns ?? []) {
      created.columns.set(name, { isNew, definition });
    }
  }
  for (const definition of columns) {
    created.columns.set(keyOf(state, definition.name), { isNew, definition });
  }
  state.tables.set(key, created);
  for (const constraint of constraints) addConstraint(state, table, constraint);
  for (const index of indexes) addIndex(state, table, index.name, index.unique);
  takeOver(state, key, created);
}

/** A table in the place of one that was dropped is no new one to a release. */
function takeOver(state: SchemaState, key: string, successor: KnownTable): void {
  const former = state.former.get(key);
  if (former === undefined || former.isNew) return;
  successor.isNew = false;
  for (const [name, column] of successor.columns) {
    column.isNew = former.isComplete && !former.columns.has(name);
  }
}

function forgetTable(state: SchemaState, table: string): void {
  const key = keyOf(state, table);
  state.former.set(key, openTable(state, table));
  state.tables.delete(key);
}

function renameTable({ table, to }: ActionOf<"renameTable">, state: SchemaState): void {
  const before = openTable(state, table);
  const key = keyOf(state, to);
  forgetTable(state, table);
  // The release that is running does not know the new name.
  const renamed: KnownTable = { ...before, isNew: state.isNew || before.isNew };
  state.tables.set(key, renamed);
  state.renamed.set(keyOf(state, table), key);
  takeOver(state, key, renamed);
}

function createObject({ object, name }: ActionOf<"create">, state: SchemaState): void {
  if (!state.isNew) return;
  const key = keyOf(state, name);
  state.newObjects.add(`${object} ${key}`);
  // Through a view under its former name, a renamed table is in use after all.
  const behind = state.tables.get(state.renamed.get(key) ?? "");
  if (object === "view" && behind !== undefined) behind.isNew = false;
}

function addIndex(state: SchemaState, table: string, index: string, unique: boolean): void {
  const isNew = state.isNew || openTable(state, table).isNew;
  state.indexes.set(keyOf(state, index), { isNew, unique });
}

function addConstraint(state: SchemaState, table: string, constraint: TableConstraint): void {
  const { name, kind } = constraint;
  if (name === null) return;
  openTable(state, table).constraints.set(keyOf(state, name), { ...constraint });
  if (kind === "unique" || kind === "primaryKey") addIndex(state, table, name, true);
}
