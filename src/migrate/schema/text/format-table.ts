import type { Dialect } from "../../../database/address.ts";
import type { Check, Column, Index, Key, RowSecurity, Table, Term } from "../model.ts";
import { lastPart, splitName, usualName } from "../names.ts";
import { columnWords } from "../words/column.ts";
import { referenceWords } from "../words/reference.ts";
import { termWords } from "../words/term.ts";
import { wordOfQualified } from "../words/word-reader.ts";
import { type Value, named, oneOrList, optionsValue, section } from "./value.ts";

export function tableValue(table: Table, dialect: Dialect): Value {
  const { primaryKey, partitionOf } = table;
  const referenceValue = (key: Table["foreignKeys"][number]) =>
    withComment("key", referenceWords(key, dialect), key.comment);
  return section([
    ["columns", new Map(table.columns.map((one) => [one.name, columnValue(one, dialect)]))],
    ["primary key", primaryKey && keyValue(primaryKey, dialect, usualKeyName(table, dialect))],
    ["unique", named(table.uniques, (key) => keyValue(key, dialect, key.name))],
    ["indexes", indexesOf(table.indexes, dialect)],
    ["foreign keys", named(table.foreignKeys, referenceValue)],
    ["checks", named(table.checks, checkValue)],
    [
      "exclusions",
      named(table.exclusions, (one) => withComment("exclude", one.definition, one.comment)),
    ],
    ["partition by", table.partitionBy],
    [
      "partition of",
      partitionOf &&
        `${wordOfQualified(splitName(partitionOf.table), dialect)} ${partitionOf.bounds}`,
    ],
    ["row security", table.rowSecurity && rowSecurityValue(table.rowSecurity)],
    ["options", optionsValue(table.options)],
    ["comment", table.comment],
  ]);
}

/** The name that a primary key has where none is given. */
export function usualKeyName({ name }: { name: string }, dialect: Dialect): string | undefined {
  return dialect === "postgres" ? usualName(lastPart(name, dialect), [], "pkey") : undefined;
}

function columnValue(column: Column, dialect: Dialect): Value {
  const words = columnWords(column, dialect);
  const { comment, onUpdate, identity } = column;
  if (comment === undefined && onUpdate === undefined && identity?.sequence === undefined) {
    return words;
  }
  return section([
    ["type", words],
    ["on update", onUpdate],
    ["sequence", identity?.sequence],
    ["comment", comment],
  ]);
}

function keyValue(key: Key, dialect: Dialect, usual: string | undefined): Value {
  const { name, include = [], nullsNotDistinct, deferral, onConflict, comment } = key;
  const columns = termsValue(key.terms, dialect);
  const isPlain =
    include.length === 0 && !nullsNotDistinct && deferral === undefined && onConflict === undefined;
  if (isPlain && name === usual && comment === undefined) return columns;
  return section([
    ["name", name === usual ? null : name],
    ["columns", columns],
    ["include", include],
    ["nulls not distinct", nullsNotDistinct],
    ["deferrable", deferral === undefined ? null : deferral === "deferrable" || deferral],
    ["on conflict", onConflict],
    ["comment", comment],
  ]);
}

function termsValue(terms: readonly Term[], dialect: Dialect): Value {
  return oneOrList(terms.map((term) => termWords(term, dialect)));
}

export function indexesOf(indexes: readonly Index[], dialect: Dialect): Value {
  return named(indexes, (index) => indexValue(index, dialect));
}

function indexValue(index: Index, dialect: Dialect): Value {
  const { name, terms, ...rest } = index;
  const columns = termsValue(terms, dialect);
  if (name !== "" && Object.keys(rest).length === 0) return columns;
  return section([
    ["columns", columns],
    ["unique", index.unique],
    ["using", index.method],
    ["where", index.predicate],
    ["include", index.include],
    ["nulls not distinct", index.nullsNotDistinct],
    ["invalid", index.invalid],
    ["options", optionsValue(index.options ?? {})],
    ["comment", index.comment],
  ]);
}

export function checkValue(check: Check): Value {
  const { name: _name, expression, ...rest } = check;
  if (Object.keys(rest).length === 0) return expression;
  return section([
    ["expression", expression],
    ["not valid", check.notValid],
    ["no inherit", check.noInherit],
    ["not enforced", check.notEnforced],
    ["column", check.column],
    ["comment", check.comment],
  ]);
}

function withComment(key: string, words: string, comment: string | undefined): Value {
  if (comment === undefined) return words;
  return section([
    [key, words],
    ["comment", comment],
  ]);
}

function rowSecurityValue({ enabled, forced, policies }: RowSecurity): Value {
  return new Map<string, Value>([
    ["enabled", enabled],
    ...section([
      ["forced", forced],
      [
        "policies",
        named(policies, (policy) =>
          section([
            ["for", policy.command],
            ["restrictive", policy.restrictive],
            ["to", policy.roles],
            ["using", policy.using],
            ["check", policy.check],
          ]),
        ),
      ],
    ]),
  ]);
}
