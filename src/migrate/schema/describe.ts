import type { Dialect } from "../../database/address.ts";
import type {
  Check,
  Column,
  CustomType,
  ForeignKey,
  Index,
  Key,
  Options,
  Policy,
  View,
} from "./model.ts";
import { columnWords } from "./words/column.ts";
import { referenceWords } from "./words/reference.ts";
import { termWords } from "./words/term.ts";

/** Short texts for people about the parts of a schema; the name comes from where they are. */
export function describeColumn(column: Column, dialect: Dialect): string {
  return joined([
    columnWords(column, dialect),
    column.onUpdate && `on update ${column.onUpdate}`,
    column.identity?.sequence && `sequence ${column.identity.sequence}`,
    commentWords(column),
  ]);
}

export function describeKey(key: Key, dialect: Dialect): string {
  return joined([
    `(${key.terms.map((term) => termWords(term, dialect)).join(", ")})`,
    key.include && `include (${key.include.join(", ")})`,
    key.nullsNotDistinct && "nulls not distinct",
    key.deferral,
    key.onConflict && `on conflict ${key.onConflict}`,
    commentWords(key),
  ]);
}

export function describeIndex(index: Index, dialect: Dialect): string {
  return joined([
    index.unique && "unique",
    index.method && `using ${index.method}`,
    `(${index.terms.map((term) => termWords(term, dialect)).join(", ")})`,
    index.include && `include (${index.include.join(", ")})`,
    index.nullsNotDistinct && "nulls not distinct",
    index.predicate && `where ${index.predicate}`,
    index.options && describeOptions(index.options),
    index.invalid && "invalid",
    commentWords(index),
  ]);
}

export function describeForeignKey(key: ForeignKey, dialect: Dialect): string {
  return joined([referenceWords(key, dialect), commentWords(key)]);
}

export function describeCheck(check: Check): string {
  return joined([
    check.expression,
    check.noInherit && "no inherit",
    check.notEnforced && "not enforced",
    check.notValid && "not valid",
    check.column && `of the column ${check.column}`,
    commentWords(check),
  ]);
}

export function describePolicy(policy: Policy): string {
  return joined([
    policy.restrictive && "restrictive",
    `for ${policy.command}`,
    policy.roles.length > 0 && `to ${policy.roles.join(", ")}`,
    policy.using && `using (${policy.using})`,
    policy.check && `check (${policy.check})`,
  ]);
}

export function describeType(type: CustomType): string {
  if (type.kind === "enum") return joined([`enum (${type.labels.join(", ")})`, commentWords(type)]);
  if (type.kind === "domain") {
    const checks = type.checks.map((check) => `check (${check.expression})`);
    return joined([`domain ${columnWords(type, "postgres")}`, ...checks, commentWords(type)]);
  }
  const attributes = type.attributes.map(({ name, type: of }) => `${name} ${of}`);
  return joined([`composite (${attributes.join(", ")})`, commentWords(type)]);
}

export function describeView(view: View): string {
  return joined([
    view.kind !== "view" && view.kind,
    view.columns.length > 0 && `(${view.columns.join(", ")})`,
    describeOptions(view.options),
    view.definition,
    commentWords(view),
  ]);
}

export function describeOptions(options: Options): string {
  return Object.entries(options)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => (value === "true" ? name : `${name} ${value}`))
    .join(", ");
}

function commentWords({ comment }: { comment?: string }): string | undefined {
  return comment === undefined ? undefined : `comment '${comment}'`;
}

function joined(words: readonly (string | false | undefined)[]): string {
  return words.filter((word) => word !== undefined && word !== false && word !== "").join(" ");
}
