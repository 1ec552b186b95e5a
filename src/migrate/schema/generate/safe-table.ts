import type { Dialect } from "../../../database/address.ts";
import type { Column, Index, Key, Table } from "../model.ts";
import { pair } from "../pairs.ts";
import { uses, withheldColumns } from "./withheld.ts";

export interface SafeOptions {
  dialect: Dialect;
  /** Columns that need a value first get it: nothing is withheld on their account. */
  filled: boolean;
}

/**
 * A table as far as it can come without losing anything: what would be dropped is still there, a
 * column whose type narrows is as it was, and so is what uses it.
 */
export function safeTable(before: Table, after: Table, options: SafeOptions): Table {
  const { dialect, filled } = options;
  const { removed, narrowed, unfilled } = withheldColumns(before, after, dialect);
  const names = (columns: readonly Column[]) => columns.map(({ name }) => name);
  const kept = names(narrowed);
  // Nothing can be a key, or refer to one, before it has values.
  const open = filled ? [] : names(unfilled);
  const blocked = [...kept, ...open];
  const keepsWith = <T extends Thing>(one: readonly T[], other: readonly T[]) =>
    keep(one, other, { blocked, removed: names(removed), dialect });
  const columns = after.columns.map(
    (column) =>
      narrowed.find(({ name }) => name === column.name) ??
      (open.includes(column.name) ? { ...column, nullable: true } : column),
  );
  return {
    ...after,
    columns: [...columns.map((one) => unlessBlocked(one, before, blocked, dialect)), ...removed],
    ...safeKey(before, after, blocked, dialect),
    uniques: keepsWith(before.uniques, after.uniques),
    indexes: keepsWith(before.indexes, after.indexes),
    foreignKeys: keepsWith(before.foreignKeys, after.foreignKeys),
    checks: keepsWith(before.checks, after.checks),
    exclusions: keepsWith(before.exclusions, after.exclusions),
    ...safeSecurity(before, after),
  };
}

/** A generated column that uses what is not there yet stays as it was. */
function unlessBlocked(
  column: Column,
  before: Table,
  blocked: readonly string[],
  dialect: Dialect,
): Column {
  const { generated } = column;
  if (generated === undefined || !uses(generated, blocked, dialect)) return column;
  return before.columns.find(({ name }) => name === column.name) ?? column;
}

type Thing = { name?: string } & Parameters<typeof uses>[0];

interface Kept {
  blocked: readonly string[];
  removed: readonly string[];
  dialect: Dialect;
}

/**
 * The constraints or indexes that can be there now: the new ones, without those that use what is
 * withheld, and the old ones that go with a column that is kept.
 */
function keep<T extends Thing>(
  before: readonly T[],
  after: readonly T[],
  { blocked, removed, dialect }: Kept,
): T[] {
  const possible = after.filter((one) => !uses(one, blocked, dialect));
  const names = new Set(possible.flatMap(({ name }) => name ?? []));
  const old = pair(
    before,
    possible,
    ({ name }) => name,
    () => false,
  ).removed.filter(
    (one) =>
      uses(one, [...blocked, ...removed], dialect) &&
      !(one.name !== undefined && names.has(one.name)),
  );
  return [...possible, ...old.filter((one) => !possible.includes(one))];
}

/** A table has one primary key: the old one until the new one is possible. */
function safeKey(
  before: Table,
  after: Table,
  blocked: readonly string[],
  dialect: Dialect,
): { primaryKey?: Key } {
  const { primaryKey } = after;
  if (primaryKey === undefined || !uses(primaryKey, blocked, dialect)) return { primaryKey };
  return { primaryKey: before.primaryKey };
}

/** Who may see a row is not opened up without a person: policies stay, and so does the switch. */
function safeSecurity(before: Table, after: Table): Pick<Table, "rowSecurity"> {
  const [one, other] = [before.rowSecurity, after.rowSecurity];
  if (one === undefined) return { rowSecurity: other };
  const policies = other?.policies ?? [];
  const names = new Set(policies.map(({ name }) => name));
  return {
    rowSecurity: {
      enabled: one.enabled || (other?.enabled ?? false),
      forced: one.forced || (other?.forced ?? false),
      policies: [...policies, ...one.policies.filter(({ name }) => !names.has(name))],
    },
  };
}

/** The names that a table's indexes take up, beside those of other tables. */
export function indexNames(table: Table): string[] {
  const keys: (Key | Index)[] = [...table.uniques, ...table.indexes];
  if (table.primaryKey !== undefined) keys.push(table.primaryKey);
  return keys.flatMap(({ name }) => name ?? []);
}
