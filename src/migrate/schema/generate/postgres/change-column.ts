import type { Column, Identity, Table } from "../../model.ts";
import * as same from "../../same/table.ts";
import { sequenceFacts, sequenceSql } from "../../words/sequence.ts";
import { mayLose } from "../narrowing.ts";
import { type Step, steps } from "../step.ts";
import {
  identitySql,
  sequenceAfter,
  sequenceBefore,
  sequenceOf,
  serialDefault,
} from "./create-table.ts";
import { collate, literal, quote, quotePath, words } from "./write.ts";

export interface ColumnChange {
  before: Column;
  after: Column;
  table: { before: Table; after: Table };
  /** Its type is made anew under the same name. */
  isRetyped: boolean;
}

/** The statements that turn one column into another of the same name, without making it anew. */
export function changeColumn(change: ColumnChange): Step[] {
  const { before, after, table, isRetyped } = change;
  const column = `ALTER TABLE ${quotePath(table.after.name)} ALTER COLUMN ${quote(after.name)}`;
  const newType = isRetyped || !same.sameType(before, after);
  const sameFill = same.sameIdentity(before.identity, after.identity);
  const newDefault = newType || !same.sameDefault(before, after, "postgres") || !sameFill;
  return [
    ...steps(
      before.generated !== undefined && after.generated === undefined
        ? `${column} DROP EXPRESSION`
        : null,
    ),
    ...(sameFill ? [] : dropIdentity(change, column)),
    ...steps(
      before.default !== undefined && (newType || (newDefault && after.default === undefined))
        ? `${column} DROP DEFAULT`
        : null,
      newType ? typeSql(before, after, column, isRetyped) : null,
      newType && sameFill ? sequenceType(change) : null,
      before.nullable && !after.nullable ? `${column} SET NOT NULL` : null,
    ),
    ...(sameFill ? [] : addIdentity(change, column)),
    ...steps(
      newDefault && after.default !== undefined ? `${column} SET DEFAULT ${after.default}` : null,
      !before.nullable && after.nullable ? `${column} DROP NOT NULL` : null,
    ),
  ];
}

const text = /^(character varying|character|text)(\(\d+\))?$/;

/**
 * Without USING the server refuses a value that does not fit; a cast would cut it off. What it
 * cannot turn into the other type by itself goes by way of its text.
 */
function typeSql(before: Column, after: Column, column: string, isRetyped: boolean): string {
  const base = (type: string) => type.replace(/\(.*\)/, "");
  const isLike =
    base(before.type) === base(after.type) || (text.test(before.type) && text.test(after.type));
  const array = before.type.endsWith("[]") && after.type.endsWith("[]") ? "[]" : "";
  const isDirect = !isRetyped && (isLike || !mayLose(before.type, after.type, "postgres"));
  return words([
    `${column} TYPE ${after.type}`,
    after.collation !== undefined && collate(after.collation),
    !isDirect && `USING ${quote(after.name)}::text${array}::${after.type}`,
  ]);
}

/** The sequence of a serial column keeps its type when the column gets another. */
function sequenceType({ after, table }: ColumnChange): string | null {
  if (after.identity?.kind !== "serial") return null;
  return `ALTER SEQUENCE ${quotePath(sequenceOf(after, table.before))} AS ${after.type}`;
}

/** The two differ in no more than the name and the options of the sequence. */
function isAlike(one: Identity | undefined, other: Identity | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.kind === other.kind || (one.kind !== "serial" && other.kind !== "serial");
}

function dropIdentity({ before, after, table }: ColumnChange, column: string): Step[] {
  const { identity } = before;
  if (identity === undefined || isAlike(identity, after.identity)) return [];
  if (identity.kind !== "serial") return steps(`${column} DROP IDENTITY`);
  const sequence = quotePath(sequenceOf(before, table.before));
  return steps(`${column} DROP DEFAULT`, `DROP SEQUENCE ${sequence}`);
}

function addIdentity(change: ColumnChange, column: string): Step[] {
  const { before, after, table } = change;
  const { identity } = after;
  if (identity === undefined) return [];
  if (isAlike(before.identity, identity)) return changeIdentity(change, column, identity);
  const name = sequenceOf(after, table.after);
  const goOn = `SELECT setval(${literal(quotePath(name))}, COALESCE(max(${quote(after.name)}), 0) + 1, false) FROM ${quotePath(table.after.name)}`;
  if (identity.kind !== "serial") {
    return steps(`${column} ADD ${identitySql(identity, after.type)}`, goOn);
  }
  // The form of CREATE TABLE that makes the sequence is not one of ALTER COLUMN.
  const named: Column = { ...after, identity: { ...identity, sequence: name } };
  return steps(
    ...sequenceBefore(named, table.after),
    ...sequenceAfter(named, table.after),
    `${column} SET ${serialDefault(named, table.after)}`,
    goOn,
  );
}

function changeIdentity(
  { before, after, table }: ColumnChange,
  column: string,
  identity: Identity,
): Step[] {
  const [old, now] = [sequenceOf(before, table.before), sequenceOf(after, table.after)];
  const facts = sequenceFacts(identity.options ?? "", after.type, "postgres");
  return steps(
    old === now ? null : `ALTER SEQUENCE ${quotePath(old)} RENAME TO ${quote(lastOf(now))}`,
    before.identity?.kind === identity.kind || identity.kind === "serial"
      ? null
      : `${column} SET GENERATED ${identity.kind.toUpperCase()}`,
    before.identity?.options === identity.options
      ? null
      : `ALTER SEQUENCE ${quotePath(now)} ${sequenceSql(facts)}`,
  );
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** Whether a column cannot be changed but by making it anew, which computes its values again. */
export function mustBeRemade(before: Column, after: Column): boolean {
  if (after.generated === undefined) {
    return before.generated !== undefined && !before.generated.stored;
  }
  return (
    !same.sameGenerated(before.generated, after.generated, "postgres") ||
    !same.sameType(before, after)
  );
}
