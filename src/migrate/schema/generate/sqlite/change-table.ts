import { mentions } from "../../expression/mentions.ts";
import type { Check, Column, ForeignKey, Table } from "../../model.ts";
import { quoteName, quoteNames } from "../../names.ts";
import { type Pairs, pair, pairByName } from "../../pairs.ts";
import * as same from "../../same/table.ts";
import { columnsOf } from "../../terms.ts";
import { type Step, steps } from "../step.ts";
import { checkSql, columnSql, createTable, isConstant, named, referencesSql } from "./write.ts";

const quote = (name: string): string => quoteName(name, "sqlite");

/** What ALTER TABLE must do to a table, apart from its indexes. */
export interface TableChange {
  before: Table;
  after: Table;
  columns: Pairs<Column>;
  checks: Pairs<Check>;
  foreignKeys: Pairs<ForeignKey>;
  /** It changes in a way that ALTER TABLE of SQLite cannot bring about. */
  needsRebuild: boolean;
}

/** @returns null where nothing is different but indexes, comments, or the order of columns */
export function tableChange(before: Table, after: Table): TableChange | null {
  const columns = pairByName(before.columns, after.columns);
  const checks = pair(before.checks, after.checks, contentless, (one, other) =>
    sameNamed(one, other, same.sameCheck),
  );
  const foreignKeys = pair(before.foreignKeys, after.foreignKeys, contentless, (one, other) =>
    sameNamed(one, other, same.sameForeignKey),
  );
  const isKept =
    columns.both.every(([one, other]) => same.sameColumn(one, other, "sqlite")) &&
    sameKeys(before, after) &&
    same.sameOptions(before.options, after.options) &&
    checks.removed.length === 0 &&
    foreignKeys.removed.length === 0;
  const parts = [columns, checks, foreignKeys];
  const isChanged = parts.some(({ removed, added }) => removed.length + added.length > 0);
  if (isKept && !isChanged) return null;
  const change = { before, after, columns, checks, foreignKeys };
  return { ...change, needsRebuild: !isKept || !canAdd(change) || !canDrop(change) };
}

/** Constraints are paired by all they are: what is different in any way is another one. */
function contentless(): undefined {
  return undefined;
}

function sameNamed<T extends { name?: string }>(
  one: T,
  other: T,
  isSame: (one: T, other: T, dialect: "sqlite") => boolean,
): boolean {
  return one.name === other.name && isSame(one, other, "sqlite");
}

function sameKeys(before: Table, after: Table): boolean {
  const { primaryKey: one } = before;
  const { primaryKey: other } = after;
  if ((one === undefined) !== (other === undefined)) return false;
  if (one && other && !sameNamed(one, other, same.sameKey)) return false;
  const uniques = pair(before.uniques, after.uniques, contentless, (left, right) =>
    sameNamed(left, right, same.sameKey),
  );
  return uniques.removed.length + uniques.added.length === 0;
}

type Parts = Omit<TableChange, "needsRebuild">;

/** https://sqlite.org/lang_altertable.html#altertabaddcol */
function canAdd({ columns, checks, foreignKeys }: Parts): boolean {
  const isPossible = columns.added.every(({ nullable, default: expression, generated }) => {
    if (generated !== undefined) return !generated.stored && nullable;
    if (expression === undefined) return nullable;
    return isConstant(expression);
  });
  return (
    isPossible &&
    checks.added.every((check) => columnOfCheck(check, columns.added) !== undefined) &&
    foreignKeys.added.every((key) => columnOfReference(key, columns.added) !== undefined)
  );
}

function columnOfCheck(check: Check, added: readonly Column[]): Column | undefined {
  return added.findLast(({ name }) => mentions(check.expression, name, "sqlite"));
}

/** With a default that is not null the column could refer to nothing. */
function columnOfReference(key: ForeignKey, added: readonly Column[]): Column | undefined {
  if (key.columns.length > 1) return undefined;
  return added.find(({ name, default: value }) => name === key.columns[0] && value === undefined);
}

/** https://sqlite.org/lang_altertable.html#altertabdropcol */
function canDrop({ before, after, columns }: Parts): boolean {
  const keys = [...(before.primaryKey ? [before.primaryKey] : []), ...before.uniques];
  const used = new Set([
    ...keys.flatMap(({ terms }) => columnsOf(terms)),
    ...before.foreignKeys.flatMap((key) => [...key.columns, ...key.referenced]),
  ]);
  const expressions = [
    ...before.checks.map(({ expression }) => expression),
    ...before.columns.flatMap(({ generated }) => (generated ? [generated.expression] : [])),
  ];
  return (
    after.columns.length > columns.added.length &&
    columns.removed.every(
      ({ name }) => !used.has(name) && !expressions.some((sql) => mentions(sql, name, "sqlite")),
    )
  );
}

/** Columns that are added and dropped one by one. */
export function alterTable(change: TableChange): Step[] {
  const { after, columns, checks, foreignKeys } = change;
  const table = `ALTER TABLE ${quote(after.name)}`;
  const added = columns.added.map((column) => {
    const constraints = [
      ...checks.added.filter((one) => columnOfCheck(one, columns.added) === column).map(checkSql),
      ...foreignKeys.added
        .filter((one) => columnOfReference(one, columns.added) === column)
        .map((one) => `${named(one)}${referencesSql(one)}`),
    ];
    return `${table} ADD COLUMN ${[columnSql(column), ...constraints].join(" ")}`;
  });
  const dropped = columns.removed.map(({ name }) => `${table} DROP COLUMN ${quote(name)}`);
  return steps(...dropped, ...added);
}

/**
 * Makes the table anew, copies the rows and puts it in the place of the old one:
 * https://sqlite.org/lang_altertable.html#otheralter. Foreign keys must be off, and nothing may
 * mention the table meanwhile: the caller drops its views and triggers first.
 */
export function rebuildTable({ before, after, columns }: TableChange): Step[] {
  const temporary = `studio_new_${after.name}`;
  const copied = columns.both
    .filter(([, column]) => column.generated === undefined)
    .map(([{ name }]) => name);
  const names = quoteNames(copied, "sqlite");
  const copy = `INSERT INTO ${quote(temporary)} (${names})\nSELECT ${names} FROM ${quote(after.name)}`;
  return [
    { sql: createTable(after, temporary), comment: `${after.name} is made anew` },
    ...steps(
      copied.length === 0 ? null : copy,
      ...keepCounter(before, after, temporary),
      `DROP TABLE ${quote(after.name)}`,
      `ALTER TABLE ${quote(temporary)} RENAME TO ${quote(after.name)}`,
    ),
  ];
}

/** AUTOINCREMENT promises never to give a number again, also of rows that are gone. */
function keepCounter(before: Table, after: Table, temporary: string): string[] {
  const counts = ({ columns }: Table) => columns.some(({ identity }) => identity !== undefined);
  if (!counts(before) || !counts(after)) return [];
  const text = (name: string) => `'${name.replaceAll("'", "''")}'`;
  return [
    `DELETE FROM sqlite_sequence WHERE name = ${text(temporary)}`,
    `INSERT INTO sqlite_sequence (name, seq) SELECT ${text(temporary)}, seq FROM sqlite_sequence WHERE name = ${text(after.name)}`,
  ];
}
