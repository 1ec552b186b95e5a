import type { Check, ForeignKey, Index, Schema, Table } from "../../model.ts";
import { lastPart, quoteName, usualName } from "../../names.ts";
import { pairByName } from "../../pairs.ts";
import * as same from "../../same/table.ts";
import { allKeys, columnsOf, isKeyFor } from "../../terms.ts";
import { tableNamed, uses } from "../withheld.ts";
import { constraintChanges, keysOf, listChange } from "./constraints.ts";
import { tableChanges } from "./table-changes.ts";

/** An index of a table that writers use, which is made or dropped without blocking them. */
export interface StagedIndex {
  table: string;
  index: Index;
  /** It becomes the constraint of its name. */
  isKey: boolean;
}

/** The way from one schema to another in stages that do not block for long. */
export interface Stages {
  /** All that is quick. */
  first: Schema;
  dropped: StagedIndex[];
  created: StagedIndex[];
  /** With the new keys, and the foreign keys that need them, and everything validated. */
  keyed: Schema;
}

/**
 * Tables that are there before have rows: on them indexes are made on their own, constraints
 * begin as NOT VALID, and NOT NULL begins as a check.
 */
export function stage(before: Schema, after: Schema): Stages {
  const dropped: StagedIndex[] = [];
  const created: StagedIndex[] = [];
  const tables = after.tables.map((table) => {
    const old = tableNamed(before, table.name);
    // Concurrently and NOT VALID do not go with partitioned tables.
    if (old === undefined || table.partitionBy !== undefined) return table;
    return stageTable({ before, after, old, table, dropped, created });
  });
  const all = withLateReferences({ ...after, tables }, before);
  const keyed = withKeys(all, after, created);
  const first = withoutEarlyReferences(all, before);
  return { first, dropped, created, keyed };
}

interface StageInput {
  before: Schema;
  after: Schema;
  old: Table;
  table: Table;
  dropped: StagedIndex[];
  created: StagedIndex[];
}

function stageTable(input: StageInput): Table {
  const { before, after, old, table } = input;
  const [change] = tableChanges({ ...before, tables: [old] }, { ...after, tables: [table] }, []);
  // What uses a column that is made anew goes and comes with it.
  const isForced = (thing: Parameters<typeof uses>[0]) =>
    uses(thing, change?.unsettled ?? [], "postgres");
  const keys = listChange(keysOf(old), keysOf(table), same.sameKey, isForced);
  const replaced = new Set(keys.drop.map(({ name }) => name));
  const staged = keys.add.filter((key) => !replaced.has(key.name) && key.deferral === undefined);
  // A primary key can only follow another at once.
  const newKeys = staged.filter((key) => !key.isPrimary || old.primaryKey === undefined);
  const names = new Set(newKeys.map(({ name }) => name));
  for (const key of newKeys) {
    input.created.push({ table: table.name, index: keyIndex(key), isKey: true });
  }
  const primaryKey = names.has(table.primaryKey?.name) ? undefined : table.primaryKey;
  return {
    ...table,
    primaryKey,
    uniques: table.uniques.filter(({ name }) => !names.has(name)),
    indexes: stageIndexes(input, isForced),
    checks: [...notValid(old.checks, table.checks, same.sameCheck), ...notNullChecks(old, table)],
    columns: table.columns.map((column) =>
      becomesRequired(old, table).includes(column.name) ? { ...column, nullable: true } : column,
    ),
  };
}

function keyIndex(key: Table["uniques"][number]): Index {
  const { name = "", terms, include, nullsNotDistinct } = key;
  const index: Index = { name, terms, unique: true };
  if (include !== undefined) index.include = include;
  if (nullsNotDistinct !== undefined) index.nullsNotDistinct = nullsNotDistinct;
  return index;
}

function stageIndexes(
  { old, table, dropped, created }: StageInput,
  isForced: (index: Index) => boolean,
): Index[] {
  const { drop, add } = listChange(old.indexes, table.indexes, same.sameIndex, () => false);
  const gone = drop.filter((index) => !isForced(index));
  const made = add.filter((index) => !isForced(index));
  for (const index of gone) dropped.push({ table: table.name, index, isKey: false });
  for (const index of made) created.push({ table: table.name, index, isKey: false });
  return [...table.indexes.filter((index) => !made.includes(index)), ...gone];
}

function notValid<T extends Check | ForeignKey>(
  before: readonly T[],
  after: readonly T[],
  isSame: (one: T, other: T, dialect: "postgres") => boolean,
): T[] {
  const { add, validate } = listChange(before, after, isSame, () => false);
  return after.map((one) =>
    add.includes(one) || validate.includes(one) ? { ...one, notValid: true } : one,
  );
}

/** Foreign keys that are new, or are dropped on the way, begin as NOT VALID. */
function withLateReferences(schema: Schema, before: Schema): Schema {
  const changes = constraintChanges(tableChanges(before, schema, []));
  return {
    ...schema,
    tables: schema.tables.map((table) => {
      const made = changes.find(({ change }) => change.after === table)?.foreignKeys;
      if (made === undefined || table.partitionBy !== undefined) return table;
      const late = [...made.add, ...made.validate];
      const foreignKeys = table.foreignKeys.map((key) =>
        late.includes(key) ? { ...key, notValid: true } : key,
      );
      return { ...table, foreignKeys };
    }),
  };
}

/** Columns that get NOT NULL; those of a primary key get it with the key. */
function becomesRequired(before: Table, after: Table): string[] {
  const key = columnsOf(after.primaryKey?.terms ?? []);
  return pairByName(before.columns, after.columns)
    .both.filter(([one, other]) => one.nullable && !other.nullable)
    .map(([, { name, identity, generated }]) => ({ name, isFilled: identity ?? generated }))
    .filter(({ name, isFilled }) => isFilled === undefined && !key.includes(name))
    .map(({ name }) => name);
}

/** The server takes a valid check for a proof, and does not look at the rows again. */
function notNullChecks(before: Table, after: Table): Check[] {
  return becomesRequired(before, after).map((column) => ({
    name: usualName(lastPart(after.name, "postgres"), [column], "not_null"),
    expression: `${quoteName(column, "postgres")} IS NOT NULL`,
    notValid: true,
  }));
}

/** The first stage with the new keys. */
function withKeys(first: Schema, after: Schema, created: readonly StagedIndex[]): Schema {
  const keyed = created.filter(({ isKey }) => isKey);
  if (keyed.length === 0) return first;
  return {
    ...first,
    tables: first.tables.map((table) => {
      const full = tableNamed(after, table.name);
      const isKeyed = keyed.some((one) => one.table === table.name);
      if (full === undefined || !isKeyed) return table;
      return { ...table, primaryKey: full.primaryKey, uniques: full.uniques };
    }),
  };
}

/** Foreign keys that need a key of a later stage wait for it. */
function withoutEarlyReferences(first: Schema, before: Schema): Schema {
  const hasKey = (schema: Schema, { table, referenced }: ForeignKey): boolean => {
    const parent = tableNamed(schema, table);
    return parent === undefined || allKeys(parent).some((key) => isKeyFor(key, referenced));
  };
  return {
    ...first,
    tables: first.tables.map((table) => ({
      ...table,
      foreignKeys: table.foreignKeys.flatMap((key) => {
        if (hasKey(first, key)) return [key];
        const old = tableNamed(before, table.name)?.foreignKeys ?? [];
        return old.filter((one) => one.name === key.name && hasKey(first, one));
      }),
    })),
  };
}
