import type { CompositeType, CustomType, DomainType, EnumType, Schema } from "../../model.ts";
import { joinName, lastPart, quoteName, schemaOf } from "../../names.ts";
import { pairByName } from "../../pairs.ts";
import { sameOptionalExpression } from "../../expression/same.ts";
import { mentionsAny } from "../dependents.ts";
import { type Step, steps } from "../step.ts";
import { listChange } from "./constraints.ts";
import { sameCheck } from "../../same/table.ts";
import { checkSql, collate, literal, quote, quotePath, words } from "./write.ts";

export interface TypeChanges {
  /** The names of types that are made anew under the same name, and must be taken over. */
  remade: string[];
  create: Step[];
  drop: Step[];
}

export function typeChanges(before: Schema, after: Schema): TypeChanges {
  const { both, added, removed } = pairByName(before.types, after.types);
  const remade = both.flatMap(([one, other]) =>
    one.kind === "enum" && other.kind === "enum" && addedLabels(one, other) === null ? [other] : [],
  );
  const kept = both.filter(([, other]) => !remade.some(({ name }) => name === other.name));
  return {
    remade: remade.map(({ name }) => name),
    create: [
      ...steps(...remade.map(({ name }) => renameType(name, oldName(name)))),
      ...inOrderOfUse([...added, ...remade]).flatMap((type) => steps(createType(type))),
      ...kept.flatMap(([one, other]) => alterType(one, other)),
    ],
    drop: steps(
      ...remade.map(({ name }) => `DROP TYPE ${quotePath(oldPath(name))}`),
      ...inOrderOfUse(removed).toReversed().map(dropType),
    ),
  };
}

function oldName(name: string): string {
  return `studio_old_${lastPart(name, "postgres")}`.slice(0, 60);
}

function oldPath(name: string): string {
  return joinName(schemaOf(name), oldName(name));
}

function renameType(from: string, to: string): string {
  return `ALTER TYPE ${quotePath(from)} RENAME TO ${quoteName(to, "postgres")}`;
}

/** Types that others may use come first. */
function inOrderOfUse(types: readonly CustomType[]): CustomType[] {
  const left = [...types];
  const ordered: CustomType[] = [];
  while (left.length > 0) {
    const next = left.findIndex(
      (type) =>
        !left.some((one) => one !== type && mentionsAny(partsOf(type), [one.name], "postgres")),
    );
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

function partsOf(type: CustomType): string {
  if (type.kind === "domain") return type.type;
  return type.kind === "composite" ? type.attributes.map((one) => one.type).join(" ") : "";
}

function createType(type: CustomType): string {
  if (type.kind === "enum") {
    return `CREATE TYPE ${quotePath(type.name)} AS ENUM (${type.labels.map(literal).join(", ")})`;
  }
  if (type.kind === "composite") {
    const attributes = type.attributes.map(attributeSql).join(", ");
    return `CREATE TYPE ${quotePath(type.name)} AS (${attributes})`;
  }
  return words([
    `CREATE DOMAIN ${quotePath(type.name)} AS ${type.type}`,
    type.collation !== undefined && collate(type.collation),
    type.default !== undefined && `DEFAULT ${type.default}`,
    !type.nullable && "NOT NULL",
    ...type.checks.map((check) => checkSql({ ...check, notValid: undefined })),
  ]);
}

function attributeSql({ name, type, collation }: CompositeType["attributes"][number]): string {
  return words([quote(name), type, collation !== undefined && collate(collation)]);
}

function dropType({ kind, name }: CustomType): string {
  return `DROP ${kind === "domain" ? "DOMAIN" : "TYPE"} ${quotePath(name)}`;
}

function alterType(one: CustomType, other: CustomType): Step[] {
  if (one.kind === "enum" && other.kind === "enum") return addLabels(one, other);
  if (one.kind === "composite" && other.kind === "composite") return alterComposite(one, other);
  return one.kind === "domain" && other.kind === "domain" ? alterDomain(one, other) : [];
}

/** The labels to add; null where others are gone or in another order, which has no statement. */
export function addedLabels(before: EnumType, after: EnumType): string[] | null {
  const kept = after.labels.filter((label) => before.labels.includes(label));
  if (kept.join("\0") !== before.labels.join("\0")) return null;
  return after.labels.filter((label) => !before.labels.includes(label));
}

function addLabels(before: EnumType, after: EnumType): Step[] {
  const labels = [...before.labels];
  const statements = (addedLabels(before, after) ?? []).map((label) => {
    const index = after.labels.indexOf(label);
    const previous = after.labels[index - 1];
    const place =
      previous === undefined ? `BEFORE ${literal(labels[0] ?? "")}` : `AFTER ${literal(previous)}`;
    labels.splice(index, 0, label);
    return `ALTER TYPE ${quotePath(after.name)} ADD VALUE ${literal(label)} ${place}`;
  });
  return steps(...statements);
}

function alterComposite(before: CompositeType, after: CompositeType): Step[] {
  const type = `ALTER TYPE ${quotePath(after.name)}`;
  const { both, added, removed } = pairByName(before.attributes, after.attributes);
  return steps(
    ...removed.map(({ name }) => `${type} DROP ATTRIBUTE ${quote(name)}`),
    ...both
      .filter(([one, other]) => one.type !== other.type || one.collation !== other.collation)
      .map(
        ([, other]) =>
          `${type} ALTER ATTRIBUTE ${quote(other.name)} TYPE ${attributeSql(other).slice(quote(other.name).length + 1)}`,
      ),
    ...added.map((one) => `${type} ADD ATTRIBUTE ${attributeSql(one)}`),
  );
}

function alterDomain(before: DomainType, after: DomainType): Step[] {
  const domain = `ALTER DOMAIN ${quotePath(after.name)}`;
  const checks = listChange(before.checks, after.checks, sameCheck, () => false);
  return steps(
    ...checks.drop.map(({ name = "" }) => `${domain} DROP CONSTRAINT ${quote(name)}`),
    ...checks.rename.map(
      ([from, to]) => `${domain} RENAME CONSTRAINT ${quote(from)} TO ${quote(to)}`,
    ),
    sameOptionalExpression(before.default, after.default, "postgres")
      ? null
      : `${domain} ${after.default === undefined ? "DROP DEFAULT" : `SET DEFAULT ${after.default}`}`,
    before.nullable === after.nullable
      ? null
      : `${domain} ${after.nullable ? "DROP" : "SET"} NOT NULL`,
    ...checks.add.map((check) => `${domain} ADD ${checkSql(check)}`),
    ...checks.validate.map(({ name = "" }) => `${domain} VALIDATE CONSTRAINT ${quote(name)}`),
  );
}
