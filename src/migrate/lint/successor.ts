import type { ActionOf, SchemaAction } from "./actions.ts";
import { type ColumnDefinition, fillsItself } from "./column.ts";
import type { KnownColumn, KnownTable } from "./schema-state.ts";
import type { Scene } from "./rule.ts";

export interface Departure {
  /** The table that is dropped, or renamed. */
  table: string;
  /** Its name from then on; null where it is dropped. */
  movedTo: string | null;
}

/** The table that takes the place of another. */
export interface Successor {
  /** Those of its columns that are known. */
  columns: readonly ColumnDefinition[];
  isComplete: boolean;
  /** It was made LIKE the other one. */
  keepsAll: boolean;
}

/**
 * Finds the table that was filled from the one that goes and takes its name before any other
 * session can miss it: in the same transaction, or in MySQL in the same RENAME TABLE.
 */
export function successorOf(departure: Departure, scene: Scene): Successor | null {
  const { known, dialect } = scene;
  const key = known.key(departure.table);
  if (dialect !== "mysql" && !scene.transactional) return null;
  const coming = dialect === "mysql" ? scene.statement.actions : scene.later();
  for (const action of coming) {
    if (action.kind === "renameTable" && known.key(action.to) === key) {
      const table = known.table(action.table);
      if (table?.filledFrom.has(key) === true) return fromKnown(table, key);
    }
    if (action.kind === "createTable" && known.key(action.table) === key) {
      const source = departure.movedTo;
      if (source !== null && copies(coming, action.table, source, scene)) {
        return fromCreated(action, [key, known.key(source)], scene);
      }
    }
  }
  return null;
}

function fromKnown(table: KnownTable, key: string): Successor {
  return {
    columns: [...table.columns.values()].flatMap(({ definition }) => definition ?? []),
    isComplete: table.isComplete,
    keepsAll: table.keepsAllOf.has(key),
  };
}

function fromCreated(
  { columns, likeTables, isOpen }: ActionOf<"createTable">,
  keys: readonly string[],
  { known }: Scene,
): Successor {
  return {
    columns,
    isComplete: !isOpen && likeTables.length === 0,
    keepsAll: likeTables.some((name) => keys.includes(known.key(name))),
  };
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

/**
 * What a release that knows the former table misses in its successor, in words; null where that
 * cannot be told, because columns of one of them are not known.
 */
export function lossesOf(
  former: KnownTable | null,
  successor: Successor,
  key: (name: string) => string,
): string[] | null {
  const isKnown = former?.isComplete === true && successor.isComplete;
  if (!isKnown && !successor.keepsAll) return null;
  const columns = new Map(successor.columns.map((column) => [key(column.name), column]));
  const missing = successor.keepsAll
    ? []
    : [...(former?.columns.keys() ?? [])].filter((name) => !columns.has(name));
  const demanding = [...columns].filter(([name, column]) =>
    demandsMore(former?.columns.get(name), column),
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
