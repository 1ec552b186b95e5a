import type { Column, Identity, Table } from "../../model.ts";
import { sequenceFacts, sequenceSql } from "../../words/sequence.ts";
import { usualSequence } from "../rename-schema.ts";
import { type Step, steps } from "../step.ts";
import { securitySteps } from "./security.ts";
import {
  isRepeated,
  uniqueSql,
  collate,
  literal,
  optionList,
  quote,
  quotePath,
  tableConstraints,
  words,
} from "./write.ts";

const serials: Record<string, string> = {
  smallint: "smallserial",
  integer: "serial",
  bigint: "bigserial",
};

/** A new table with everything but its indexes and foreign keys. */
export function createTable(table: Table): Step[] {
  const { partitionOf, partitionBy, columns } = table;
  const isOwn = partitionOf === undefined || columns.length > 0;
  const lines = [
    ...columns.map((column) => columnSql(column, table)),
    ...tableConstraints(table),
  ].map((line) => `  ${line}`);
  const body = isOwn || lines.length > 0 ? ` (\n${lines.join(",\n")}\n)` : "";
  const { unlogged, "replica identity": replica, ...options } = table.options;
  const sql = words([
    `CREATE ${unlogged === "true" ? "UNLOGGED " : ""}TABLE ${quotePath(table.name)}${isOwn ? body : ""}`,
    !isOwn && `PARTITION OF ${quotePath(partitionOf.table)}${body} ${partitionOf.bounds}`,
    partitionBy !== undefined && `PARTITION BY ${partitionBy}`,
    Object.keys(options).length > 0 && `WITH (${optionList(options)})`,
  ]);
  return [
    ...steps(
      ...columns.flatMap((column) => sequenceBefore(column, table)),
      sql,
      ...columns.flatMap((column) => sequenceAfter(column, table)),
      ...table.uniques
        .filter((key) => isRepeated(key, table))
        .map((key) => `ALTER TABLE ${quotePath(table.name)} ADD ${uniqueSql(key)}`),
      isOwn && partitionOf !== undefined ? attach(table.name, partitionOf) : null,
      replica === undefined ? null : replicaIdentity(table.name, replica),
    ),
    ...securitySteps({ ...table, rowSecurity: undefined }, table, new Set()),
  ];
}

export function attach(name: string, { table, bounds }: NonNullable<Table["partitionOf"]>): string {
  return `ALTER TABLE ${quotePath(table)} ATTACH PARTITION ${quotePath(name)} ${bounds}`;
}

export function replicaIdentity(table: string, replica: string): string {
  return `ALTER TABLE ${quotePath(table)} REPLICA IDENTITY ${replica.toUpperCase()}`;
}

/** A column as CREATE TABLE and ADD COLUMN have it. */
export function columnSql(column: Column, table: Table): string {
  const { name, type, nullable, collation, identity, generated } = column;
  const isPlainSerial = identity?.kind === "serial" && identity.sequence === undefined;
  const serial = isPlainSerial ? serials[type] : undefined;
  return words([
    quote(name),
    serial ?? type,
    collation !== undefined && collate(collation),
    generated !== undefined &&
      `GENERATED ALWAYS AS (${generated.expression}) ${generated.stored ? "STORED" : "VIRTUAL"}`,
    identity !== undefined && identity.kind !== "serial" && identitySql(identity, type),
    identity?.kind === "serial" && serial === undefined && serialDefault(column, table),
    column.default !== undefined && `DEFAULT ${column.default}`,
    !nullable && "NOT NULL",
  ]);
}

export function identitySql(identity: Identity, type: string): string {
  const { kind, options, sequence } = identity;
  const inner = words([
    sequence !== undefined && `SEQUENCE NAME ${quotePath(sequence)}`,
    options !== undefined && sequenceSql(sequenceFacts(options, type, "postgres")),
  ]);
  return `GENERATED ${kind.toUpperCase()} AS IDENTITY${inner === "" ? "" : ` (${inner})`}`;
}

export function sequenceOf(column: Column, table: Pick<Table, "name">): string {
  return column.identity?.sequence ?? usualSequence(table.name, column.name);
}

export function serialDefault(column: Column, table: Table): string {
  return `DEFAULT nextval(${literal(quotePath(sequenceOf(column, table)))}::regclass)`;
}

/** A serial column whose sequence has a name of its own, or whose type has no serial. */
function needsSequence({ identity, type }: Column): boolean {
  if (identity?.kind !== "serial") return false;
  return identity.sequence !== undefined || serials[type] === undefined;
}

export function sequenceBefore(column: Column, table: Table): string[] {
  if (!needsSequence(column)) return [];
  const type = serials[column.type] === undefined ? "bigint" : column.type;
  return [`CREATE SEQUENCE ${quotePath(sequenceOf(column, table))} AS ${type}`];
}

export function sequenceAfter(column: Column, table: Table): string[] {
  const { identity, name, type } = column;
  if (identity?.kind !== "serial") return [];
  const sequence = quotePath(sequenceOf(column, table));
  return [
    ...(needsSequence(column)
      ? [`ALTER SEQUENCE ${sequence} OWNED BY ${quotePath(table.name)}.${quote(name)}`]
      : []),
    ...(identity.options === undefined
      ? []
      : [
          `ALTER SEQUENCE ${sequence} ${sequenceSql(sequenceFacts(identity.options, type, "postgres"))}`,
        ]),
  ];
}
