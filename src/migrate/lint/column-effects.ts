import type { ActionTable } from "./action-table.ts";
import type { ColumnDefinition } from "./column.ts";
import { type SchemaState, keyOf, openTable } from "./schema-state.ts";

/** What actions on columns do to what is known of their table. */
export const columnEffects: ActionTable<SchemaState, void> = {
  addColumn({ table, column }, state) {
    const { columns } = openTable(state, table);
    columns.set(keyOf(state, column.name), { isNew: state.isNew, definition: column });
  },
  dropColumn({ table, column }, state) {
    const { columns, keepsAllOf } = openTable(state, table);
    columns.delete(keyOf(state, column));
    keepsAllOf.clear();
  },
  renameColumn({ table, column, to }, state) {
    redefine(state, { table, from: column, to, definition: null });
  },
  redefineColumn({ table, column, definition }, state) {
    redefine(state, { table, from: column, to: definition.name, definition });
  },
  changeType: ({ table, column, type }, state) => edit(state, table, column, { type }),
  setNotNull: ({ table, column }, state) => edit(state, table, column, { notNull: true }),
  dropNotNull: ({ table, column }, state) => edit(state, table, column, { notNull: false }),
  setDefault: ({ table, column }, state) => edit(state, table, column, { default: "constant" }),
  dropDefault({ table, column }, state) {
    edit(state, table, column, { default: "none", identity: null });
  },
  setIdentity: ({ table, column, identity }, state) => edit(state, table, column, { identity }),
};

interface Redefinition {
  table: string;
  from: string;
  to: string;
  /** Null to keep what is known. */
  definition: ColumnDefinition | null;
}

function redefine(state: SchemaState, { table, from, to, definition }: Redefinition): void {
  const { columns, keepsAllOf } = openTable(state, table);
  const known = columns.get(keyOf(state, from));
  if (keyOf(state, from) !== keyOf(state, to)) keepsAllOf.clear();
  columns.delete(keyOf(state, from));
  columns.set(keyOf(state, to), {
    isNew: known?.isNew ?? false,
    definition: definition ?? known?.definition ?? null,
  });
}

/** Only of a column whose whole definition is known: the rest of it is needed too. */
function edit(
  state: SchemaState,
  table: string,
  column: string,
  change: Partial<ColumnDefinition>,
): void {
  const known = openTable(state, table).columns.get(keyOf(state, column));
  if (known?.definition != null) known.definition = { ...known.definition, ...change };
}
