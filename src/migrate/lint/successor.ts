import type { SchemaAction } from "./actions.ts";
import { type ColumnDefinition, fillsItself } from "./column.ts";
import type { KnownColumn, KnownTable } from "./schema-state.ts";
import type { Scene } from "./rule.ts";

export interface Departure {
  /** The table that is dropped, or renamed. */
  table: string;
  /** Its name from then on; null where it is dropped. */
  movedTo: string | null;
}

/** The columns of a table that takes the place of another; null where they are not known. */
export interface Successor {
  columns: readonly ColumnDefinition[] | null;
}

/**
 * Finds the table that was filled from the one that goes and takes its name before any other
 * session can miss it: in the same transaction, or in MySQL in the same RENAME TABLE.
 */
export function successorOf(departure: Departure, scene: Scene): Successor | null {
  const { known, dialect } = scene;
  const key = known.key(departure.table);
  const isAtomic = dialect === "mysql" || scene.transactional;
  if (!isAtomic) return null;
  const coming = dialect === "mysql" ? scene.statement.actions : scene.later();
  for (const action of coming) {
    if (action.kind === "renameTable" && known.key(action.to) === key) {
      const table = known.table(action.table);
      if (table?.filledFrom.has(key) === true) return { columns: columnsOf(table) };
    }
    if (action.kind === "createTable" && known.key(action.table) === key) {
      const source = departure.movedTo;
      if (source !== null && copies(coming, action.table, source, scene)) {
        return { columns: action.columns.length === 0 ? null : action.columns };
      }
    }
  }
  return null;
}

function copies(
  actions: readonly SchemaAction[],
  table: string,
  source: string,
  { known }: Scene,
): boolean {
  return actions.some(
    (action) =>
      action.kind === "copyRows" &&
      known.key(action.table) === known.key(table) &&
      action.from.some((name) => known.key(name) === known.key(source)),
  );
}

function columnsOf(table: KnownTable): readonly ColumnDefinition[] | null {
  if (!table.isComplete) return null;
  return [...table.columns.values()].flatMap(({ definition }) => definition ?? []);
}

/**
 * What a release that knows the former table misses in its successor, in words; null where the
 * former table's columns are not known.
 */
export function lossesOf(
  former: KnownTable | null,
  successor: readonly ColumnDefinition[],
  key: (name: string) => string,
): string[] | null {
  if (former === null || !former.isComplete) return null;
  const columns = new Map(successor.map((column) => [key(column.name), column]));
  const missing = [...former.columns.keys()].filter((name) => !columns.has(name));
  const demanding = [...columns].filter(([name, column]) =>
    demandsMore(former.columns.get(name), column),
  );
  return [
    ...missing.map((name) => `the column ${name} is gone`),
    ...demanding.map(([, { name }]) => `${name} must not be null`),
  ];
}

function demandsMore(former: KnownColumn | undefined, column: ColumnDefinition): boolean {
  if (!column.notNull || fillsItself(column)) return false;
  return former?.definition?.notNull !== true;
}
