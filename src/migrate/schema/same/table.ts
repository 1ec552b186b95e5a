import type { Dialect } from "../../../database/address.ts";
import { foldName } from "../expression/mentions.ts";
import { sameExpression, sameOptionalExpression, sameWords } from "../expression/same.ts";
import type {
  Check,
  Column,
  Exclusion,
  ForeignKey,
  Identity,
  Index,
  Key,
  Options,
  Policy,
  Term,
} from "../model.ts";

/** Whether two columns are the same but for their names and comments. */
export function sameColumn(one: Column, other: Column, dialect: Dialect): boolean {
  return (
    sameType(one, other) &&
    one.nullable === other.nullable &&
    one.onConflict === other.onConflict &&
    sameDefault(one, other, dialect) &&
    sameIdentity(one.identity, other.identity) &&
    sameGenerated(one.generated, other.generated, dialect) &&
    sameOptionalExpression(one.onUpdate, other.onUpdate, dialect)
  );
}

/** The type with its collation. */
export function sameType(one: Column, other: Column): boolean {
  return one.type === other.type && one.collation === other.collation;
}

const numeric = /^(tinyint|smallint|mediumint|int|bigint|decimal|float|double)/;

export function sameDefault(one: Column, other: Column, dialect: Dialect): boolean {
  const [left, right] = [one.default, other.default];
  if (left === undefined || right === undefined) return left === right;
  if (dialect === "mysql" && numeric.test(one.type)) {
    // The server turns a default into a value of the column's type: '0' and 0 into 0.00.
    const [first, second] = [numberOf(left), numberOf(right)];
    if (first !== null && second !== null) return first === second;
  }
  return sameExpression(left, right, dialect);
}

function numberOf(expression: string): number | null {
  const text = expression.replace(/^'(.*)'$/, "$1").toLowerCase();
  if (text === "true" || text === "false") return text === "true" ? 1 : 0;
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : null;
}

export function sameIdentity(one: Identity | undefined, other: Identity | undefined): boolean {
  return (
    one?.kind === other?.kind &&
    one?.options === other?.options &&
    one?.sequence === other?.sequence
  );
}

export function sameGenerated(
  one: Column["generated"],
  other: Column["generated"],
  dialect: Dialect,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.stored === other.stored && sameExpression(one.expression, other.expression, dialect);
}

function sameTerm(one: Term, other: Term, dialect: Dialect): boolean {
  return (
    sameNames([one.column ?? ""], [other.column ?? ""], dialect) &&
    sameOptionalExpression(one.expression, other.expression, dialect) &&
    one.collation === other.collation &&
    one.operatorClass === other.operatorClass &&
    one.descending === other.descending &&
    one.nulls === other.nulls &&
    one.length === other.length
  );
}

function sameTerms(one: readonly Term[], other: readonly Term[], dialect: Dialect): boolean {
  return (
    one.length === other.length &&
    one.every((term, index) => {
      const twin = other[index];
      return twin !== undefined && sameTerm(term, twin, dialect);
    })
  );
}

/** Whether two keys are the same but for their names. */
export function sameKey(one: Key, other: Key, dialect: Dialect): boolean {
  return (
    sameTerms(one.terms, other.terms, dialect) &&
    sameSets(one.include, other.include) &&
    one.nullsNotDistinct === other.nullsNotDistinct &&
    one.deferral === other.deferral &&
    one.onConflict === other.onConflict
  );
}

/** Whether two indexes are the same but for their names. */
export function sameIndex(one: Index, other: Index, dialect: Dialect): boolean {
  return (
    sameTerms(one.terms, other.terms, dialect) &&
    one.unique === other.unique &&
    one.method === other.method &&
    sameOptionalExpression(one.predicate, other.predicate, dialect) &&
    sameSets(one.include, other.include) &&
    one.nullsNotDistinct === other.nullsNotDistinct &&
    one.invalid === other.invalid &&
    sameOptions(one.options ?? {}, other.options ?? {})
  );
}

/** Whether two foreign keys are the same but for their names and whether they were validated. */
export function sameForeignKey(one: ForeignKey, other: ForeignKey, dialect: Dialect): boolean {
  return (
    sameNames(one.columns, other.columns, dialect) &&
    sameNames([one.table], [other.table], dialect) &&
    sameNames(one.referenced, other.referenced, dialect) &&
    one.onDelete === other.onDelete &&
    one.onUpdate === other.onUpdate &&
    one.matchFull === other.matchFull &&
    one.deferral === other.deferral
  );
}

/** Whether two checks are the same but for their names and whether they were validated. */
export function sameCheck(one: Check, other: Check, dialect: Dialect): boolean {
  return (
    sameExpression(one.expression, other.expression, dialect) &&
    one.noInherit === other.noInherit &&
    one.notEnforced === other.notEnforced &&
    one.column === other.column
  );
}

export function sameExclusion(one: Exclusion, other: Exclusion, dialect: Dialect): boolean {
  return sameWords(one.definition, other.definition, dialect);
}

export function samePolicy(one: Policy, other: Policy, dialect: Dialect): boolean {
  return (
    one.command === other.command &&
    one.restrictive === other.restrictive &&
    one.roles.join() === other.roles.join() &&
    sameOptionalExpression(one.using, other.using, dialect) &&
    sameOptionalExpression(one.check, other.check, dialect)
  );
}

export function sameOptions(one: Options, other: Options): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => one[name] === other[name]);
}

function sameNames(one: readonly string[], other: readonly string[], dialect: Dialect): boolean {
  if (one.length !== other.length) return false;
  return one.every(
    (name, index) => foldName(name, dialect) === foldName(other[index] ?? "", dialect),
  );
}

function sameSets(one: readonly string[] = [], other: readonly string[] = []): boolean {
  return one.toSorted().join("\0") === other.toSorted().join("\0");
}
