import type { Column, Schema, Table, View } from "../model.ts";
import { pairByName } from "../pairs.ts";
import { allKeys, columnsOf, isKeyFor } from "../terms.ts";
import { type SafeOptions, indexNames, safeTable } from "./safe-table.ts";
import { safeTypes } from "./safe-types.ts";
import { tableNamed } from "./withheld.ts";

/**
 * The schema between `before` and `after` that can be reached without losing anything: all that
 * is new, and all that would be dropped. Going from `before` to it is what a migration does;
 * going on from it to `after` is what it only suggests.
 * @param filled columns that are NOT NULL and have nothing to be filled with are filled by now
 */
export function safeSchema(before: Schema, after: Schema, filled: boolean): Schema {
  const options: SafeOptions = { dialect: after.dialect, filled };
  const tables = pairByName(before.tables, after.tables);
  const views = pairByName(before.views, after.views);
  const schema: Schema = {
    ...after,
    schemas: union(before.schemas, after.schemas),
    extensions: [...after.extensions, ...pairByName(before.extensions, after.extensions).removed],
    types: safeTypes(before, after),
    sequences: [...after.sequences, ...pairByName(before.sequences, after.sequences).removed],
    tables: [
      ...tables.both.map(([one, other]) => safeTable(one, other, options)),
      ...tables.added,
      ...tables.removed,
    ],
    views: [...after.views.map((view) => safeView(view, before)), ...views.removed],
    routines: [
      ...after.routines,
      ...before.routines.filter(
        ({ signature }) => !after.routines.some((one) => one.signature === signature),
      ),
    ],
    triggers: [
      ...after.triggers,
      ...before.triggers.filter(
        ({ table, name }) =>
          !after.triggers.some((one) => one.table === table && one.name === name),
      ),
    ],
  };
  const kept = withoutTakenNames(schema, before, tables.removed);
  return withRequiredKeys(withPossibleReferences(kept, before, after));
}

/** A column is NOT NULL for as long as it is part of a primary key that is kept. */
function withRequiredKeys(schema: Schema): Schema {
  if (schema.dialect === "sqlite") return schema;
  return {
    ...schema,
    tables: schema.tables.map((table) => {
      const key = columnsOf(table.primaryKey?.terms ?? []);
      const isRequired = ({ name, nullable }: Column) => nullable && key.includes(name);
      if (!table.columns.some(isRequired)) return table;
      const columns = table.columns.map((one) =>
        isRequired(one) ? { ...one, nullable: false } : one,
      );
      return { ...table, columns };
    }),
  };
}

function union(one: readonly string[], other: readonly string[]): string[] {
  return [...new Set([...one, ...other])].toSorted();
}

/** What a virtual table of SQLite holds goes with it. */
function safeView(view: View, before: Schema): View {
  const old = before.views.find(({ name }) => name === view.name);
  return old?.kind === "virtual" ? old : view;
}

/** An index waits where its name is still that of one on a table that is to be dropped. */
function withoutTakenNames(schema: Schema, before: Schema, removed: readonly Table[]): Schema {
  const taken = new Set(removed.flatMap(indexNames));
  if (taken.size === 0) return schema;
  const isFree = ({ name }: { name?: string }) => name === undefined || !taken.has(name);
  return {
    ...schema,
    tables: schema.tables.map((table) => {
      if (removed.includes(table)) return table;
      const { primaryKey } = table;
      const hasKey = primaryKey === undefined || isFree(primaryKey);
      return {
        ...table,
        primaryKey: hasKey ? primaryKey : tableNamed(before, table.name)?.primaryKey,
        uniques: table.uniques.filter(isFree),
        indexes: table.indexes.filter(isFree),
      };
    }),
  };
}

/** A foreign key needs a key to refer to, and columns of like types; until then it is as it was. */
function withPossibleReferences(schema: Schema, before: Schema, after: Schema): Schema {
  if (schema.dialect === "sqlite") return schema;
  const isPossible = (table: Table, key: Table["foreignKeys"][number]): boolean => {
    const parent = tableNamed(schema, key.table);
    if (parent === undefined) return true;
    return hasKey(parent, key.referenced, schema) && sameTypesAsDeclared(schema, after, table, key);
  };
  return {
    ...schema,
    tables: schema.tables.map((table) => {
      const old = tableNamed(before, table.name)?.foreignKeys ?? [];
      const foreignKeys = table.foreignKeys.flatMap((key) => {
        if (isPossible(table, key)) return [key];
        return old.filter((one) => one.name === key.name && one !== key && isPossible(table, one));
      });
      return { ...table, foreignKeys };
    }),
  };
}

function hasKey(parent: Table, columns: readonly string[], { dialect }: Schema): boolean {
  if (dialect !== "mysql") return allKeys(parent).some((key) => isKeyFor(key, columns));
  // Any index will do whose first columns they are.
  return [...allKeys(parent), ...parent.indexes].some(({ terms }) =>
    columns.every((name, index) => terms[index]?.column === name),
  );
}

/** Both sides have the type that is declared, or both that of before. */
function sameTypesAsDeclared(
  schema: Schema,
  after: Schema,
  table: Table,
  key: Table["foreignKeys"][number],
): boolean {
  const isWithheld = (name: string, column: string): boolean => {
    const typeIn = (one: Schema) =>
      tableNamed(one, name)?.columns.find((found) => found.name === column)?.type;
    const declared = typeIn(after);
    return declared !== undefined && typeIn(schema) !== declared;
  };
  return key.columns.every((column, index) => {
    const referenced = key.referenced[index] ?? "";
    return isWithheld(table.name, column) === isWithheld(key.table, referenced);
  });
}
