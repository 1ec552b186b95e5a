import type { Dialect } from "../../../database/address.ts";
import { sameOptionalExpression, sameSelect, sameWords } from "../expression/same.ts";
import type { Check, CustomType, DomainType, Routine, Trigger, View } from "../model.ts";
import { sameCheck, sameOptions } from "./table.ts";

/** Whether two views are the same but for their names, comments and indexes. */
export function sameView(one: View, other: View, dialect: Dialect): boolean {
  return (
    one.kind === other.kind &&
    sameSelect(one.definition, other.definition, dialect) &&
    one.columns.join("\0") === other.columns.join("\0") &&
    sameOptions(one.options, other.options)
  );
}

/** OR REPLACE says nothing of what is there afterwards. */
export function sameRoutine(one: Routine, other: Routine, dialect: Dialect): boolean {
  return sameWords(withoutReplace(one.definition), withoutReplace(other.definition), dialect);
}

export function sameTrigger(one: Trigger, other: Trigger, dialect: Dialect): boolean {
  return (
    one.enabled === other.enabled &&
    sameWords(withoutReplace(one.definition), withoutReplace(other.definition), dialect)
  );
}

function withoutReplace(definition: string): string {
  return definition.replace(/^\s*create\s+(or\s+replace\s+)?/i, "create ");
}

/** Whether two types are the same but for their comments. */
export function sameCustomType(one: CustomType, other: CustomType): boolean {
  if (one.kind === "enum") {
    return other.kind === "enum" && one.labels.join("\0") === other.labels.join("\0");
  }
  if (one.kind === "composite") {
    if (other.kind !== "composite") return false;
    const words = (type: typeof one) =>
      type.attributes.map(({ name, type: of, collation }) =>
        [name, of, collation ?? ""].join("\0"),
      );
    return words(one).join("\0\0") === words(other).join("\0\0");
  }
  return other.kind === "domain" && sameDomain(one, other);
}

function sameDomain(one: DomainType, other: DomainType): boolean {
  return (
    one.type === other.type &&
    one.nullable === other.nullable &&
    one.collation === other.collation &&
    sameOptionalExpression(one.default, other.default, "postgres") &&
    one.checks.length === other.checks.length &&
    one.checks.every((check) => hasCheck(other.checks, check))
  );
}

function hasCheck(checks: readonly Check[], check: Check): boolean {
  return checks.some(
    (other) =>
      other.name === check.name &&
      other.notValid === check.notValid &&
      sameCheck(other, check, "postgres"),
  );
}
