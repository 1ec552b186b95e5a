import type { Table } from "../../model.ts";
import { sameWords } from "../../expression/same.ts";
import { sameOptions } from "../../same/table.ts";
import { uses } from "../withheld.ts";
import { type Step, steps } from "../step.ts";
import { type ForeignKeyChange, addIndex } from "./foreign-keys.ts";
import type { TableChange } from "./table-change.ts";
import {
  checkSql,
  columnSql,
  indexSql,
  literal,
  optionList,
  primaryKeySql,
  quote,
} from "./write.ts";

/** One statement for all clauses: a column that counts must be in a key all the time. */
function alter(table: Table, clauses: readonly string[]): string | null {
  if (clauses.length === 0) return null;
  const [only] = clauses;
  const list = clauses.length === 1 ? ` ${only}` : `\n  ${clauses.join(",\n  ")}`;
  return `ALTER TABLE ${quote(table.name)}${list}`;
}

export function dropChecks({ after, checks }: TableChange): Step[] {
  const clauses = checks.drop.map(({ name = "" }) => `DROP CONSTRAINT ${quote(name)}`);
  return steps(alter(after, clauses));
}

export function addChecks({ after, checks }: TableChange): Step[] {
  return steps(
    alter(
      after,
      checks.add.map((check) => `ADD ${checkSql(check)}`),
    ),
  );
}

/** An index would lose the column without a word. */
export function dropRemade({ after, remade, indexes }: TableChange): Step[] {
  const gone = indexes.drop.filter((index) => uses(index, remade, "mysql"));
  const clauses = [
    ...gone.map(({ name }) => `DROP INDEX ${quote(name)}`),
    ...remade.map((name) => `DROP COLUMN ${quote(name)}`),
  ];
  return steps(remade.length === 0 ? null : alter(after, clauses));
}

export function changeTable({ change, ownIndex }: ForeignKeyChange): Step[] {
  const { before, after, columns, modified, remade, indexes, newKey } = change;
  const dropped = indexes.drop.filter((index) => !uses(index, remade, "mysql"));
  const added = [...columns.added, ...after.columns.filter(({ name }) => remade.includes(name))];
  const clauses = [
    ...dropped.map(({ name }) => `DROP INDEX ${quote(name)}`),
    ...ownIndex.drop.map(({ name = "" }) => `DROP INDEX ${quote(name)}`),
    ...(newKey && before.primaryKey !== undefined ? ["DROP PRIMARY KEY"] : []),
    ...columns.removed.map(({ name }) => `DROP COLUMN ${quote(name)}`),
    ...modified.map((column) => `MODIFY COLUMN ${columnSql(column, after)}`),
    ...added.map((column) => `ADD COLUMN ${columnSql(column, after)}`),
    ...indexes.rename.map(([from, to]) => `RENAME INDEX ${quote(from)} TO ${quote(to)}`),
    ...(newKey && after.primaryKey !== undefined ? [`ADD ${primaryKeySql(after)}`] : []),
    ...indexes.add.map((index) => `ADD ${indexSql(index)}`),
    ...ownIndex.add.map(addIndex),
  ];
  return steps(
    changeOptions(before, after),
    alter(after, clauses),
    changePartitions(before, after),
  );
}

function changeOptions(before: Table, after: Table): string | null {
  const isSame = sameOptions(before.options, after.options);
  if (isSame && before.comment === after.comment) return null;
  const names = new Set([...Object.keys(before.options), ...Object.keys(after.options)]);
  const changed = [...names]
    .filter((name) => before.options[name] !== after.options[name])
    .map((name) => [name, after.options[name]] as const);
  const options = optionList(Object.fromEntries(changed));
  const comment =
    before.comment === after.comment ? "" : `COMMENT = ${literal(after.comment ?? "")}`;
  return `ALTER TABLE ${quote(after.name)} ${[options, comment].filter((word) => word !== "").join(" ")}`;
}

function changePartitions(before: Table, after: Table): string | null {
  if (sameWords(before.partitionBy ?? "", after.partitionBy ?? "", "mysql")) return null;
  const clause =
    after.partitionBy === undefined ? "REMOVE PARTITIONING" : `PARTITION BY ${after.partitionBy}`;
  return `ALTER TABLE ${quote(after.name)} ${clause}`;
}
