import type { Client } from "pg";
import { StudioError, exitCodes } from "../../errors.ts";
import { qualified, quoteIdentifier, quoteLiteral } from "./connection.ts";
import { type TableShape, emptiable, referencedFirst } from "./table-shape.ts";

export interface TableContent {
  shape: TableShape;
  /** A temporary table with the rows that the table is to have, and with its columns. */
  staging: string;
}

/** How the rows were put in: all anew, or only what differs. */
export type Method = "replaced" | "merged";

/**
 * Gives tables other rows, within the caller's transaction. The tables stay what they are:
 * indexes, constraints, foreign keys from and to them, views, grants and triggers all hold on.
 * Where other tables refer to one, rows are merged by primary key, so that no reference is cut and
 * nothing is deleted there by a cascade; the others are emptied and filled. The operator's
 * triggers are off meanwhile: what they did is in the rows already.
 * @throws StudioError (exit 4) when other tables refer to rows that would go
 */
export async function replaceRows(
  client: Client,
  contents: readonly TableContent[],
): Promise<Map<TableShape, Method>> {
  const shapes = contents.map(({ shape }) => shape);
  const staging = new Map(contents.map((content) => [content.shape, content.staging]));
  const emptied = emptiable(shapes);
  const ordered = referencedFirst(shapes);
  const merged = ordered.filter((shape) => !emptied.has(shape));
  for (const shape of merged) checkMergeable(shape);
  for (const shape of shapes) await switchTriggers(client, shape, false);
  if (emptied.size > 0) {
    const names = [...emptied].map((shape) => `ONLY ${nameOf(shape)}`).join(", ");
    await client.query(`TRUNCATE TABLE ${names}`);
  }
  const own = new Set(shapes.map(nameOf));
  for (const shape of merged.toReversed()) {
    await checkReferences(client, shape, staging.get(shape) ?? "", own);
    await client.query(deleteStatement(shape, staging.get(shape) ?? ""));
  }
  for (const shape of ordered) {
    const source = staging.get(shape) ?? "";
    await client.query(
      emptied.has(shape) ? insertStatement(shape, source) : mergeStatement(shape, source),
    );
  }
  // ALTER TABLE is refused while checks of this transaction are still to come.
  await client.query("SET CONSTRAINTS ALL IMMEDIATE");
  for (const shape of shapes) await switchTriggers(client, shape, true);
  for (const shape of shapes) await advanceSequences(client, shape);
  return new Map(shapes.map((shape) => [shape, emptied.has(shape) ? "replaced" : "merged"]));
}

function nameOf({ schema, name }: TableShape): string {
  return qualified(schema, name);
}

function columnList(columns: readonly string[], prefix = ""): string {
  return columns.map((column) => `${prefix}${quoteIdentifier(column)}`).join(", ");
}

function equal(left: string, right: string, columns: readonly string[]): string {
  return columns
    .map((column) => `${left}.${quoteIdentifier(column)} = ${right}.${quoteIdentifier(column)}`)
    .join(" AND ");
}

/** `OVERRIDING SYSTEM VALUE`: identity columns get the values of the rows, as COPY gives them. */
function insertStatement(shape: TableShape, staging: string): string {
  const columns = columnList(shape.columns);
  return `INSERT INTO ${nameOf(shape)} (${columns}) OVERRIDING SYSTEM VALUE
    SELECT ${columns} FROM ${staging}`;
}

function deleteStatement(shape: TableShape, staging: string): string {
  return `DELETE FROM ONLY ${nameOf(shape)} t
    WHERE NOT EXISTS (SELECT FROM ${staging} s WHERE ${equal("s", "t", shape.primaryKey)})`;
}

/** Rows are compared as text, since some types, as json, have no equality. */
function mergeStatement(shape: TableShape, staging: string): string {
  const { columns, primaryKey } = shape;
  const others = columns.filter((column) => !primaryKey.includes(column));
  const sets = others.map((column) => {
    const name = quoteIdentifier(column);
    return `${name} = EXCLUDED.${name}`;
  });
  const same = `ROW(${columnList(columns, "t.")})::text = ROW(${columnList(columns, "s.")})::text`;
  return `INSERT INTO ${nameOf(shape)} (${columnList(columns)}) OVERRIDING SYSTEM VALUE
    SELECT ${columnList(columns, "s.")} FROM ${staging} s WHERE NOT EXISTS (
      SELECT FROM ONLY ${nameOf(shape)} t WHERE ${equal("t", "s", primaryKey)} AND ${same})
    ON CONFLICT (${columnList(primaryKey)})
    DO ${sets.length === 0 ? "NOTHING" : `UPDATE SET ${sets.join(", ")}`}`;
}

async function switchTriggers(client: Client, shape: TableShape, on: boolean): Promise<void> {
  for (const { name, enabled } of shape.triggers) {
    const state = { R: "REPLICA ", A: "ALWAYS " }[enabled] ?? "";
    const action = on ? `ENABLE ${state}TRIGGER` : "DISABLE TRIGGER";
    await client.query(`ALTER TABLE ONLY ${nameOf(shape)} ${action} ${quoteIdentifier(name)}`);
  }
}

/** Sequences move on past the highest value that is there now, and never back. */
async function advanceSequences(client: Client, shape: TableShape): Promise<void> {
  for (const { column, sequence } of shape.sequences) {
    await client.query(
      `SELECT setval(${quoteLiteral(sequence)}::regclass, highest)
       FROM (SELECT max(${quoteIdentifier(column)})::bigint AS highest FROM ${nameOf(shape)}) t,
         (SELECT last_value FROM ${sequence}) s
       WHERE highest > last_value`,
    );
  }
}

/** Counts the rows of other tables that refer to what would be deleted or get another key. */
async function checkReferences(
  client: Client,
  shape: TableShape,
  staging: string,
  own: ReadonlySet<string>,
): Promise<void> {
  for (const { name, schema, table, columns, referenced } of shape.incoming) {
    if (own.has(qualified(schema, table))) continue;
    const join = columns.map((column, place) => {
      return `r.${quoteIdentifier(column)} = t.${quoteIdentifier(referenced[place] ?? "")}`;
    });
    const kept = equal("s", "t", [...new Set([...shape.primaryKey, ...referenced])]);
    const { rows } = await client.query<{ n: string }>(
      `SELECT count(*) AS n FROM ${qualified(schema, table)} r
       JOIN ONLY ${nameOf(shape)} t ON ${join.join(" AND ")}
       WHERE NOT EXISTS (SELECT FROM ${staging} s WHERE ${kept})`,
    );
    const count = Number(rows[0]?.n);
    if (count > 0) throw referenceCut(shape, `${schema}.${table}`, name, count);
  }
}

function checkMergeable(shape: TableShape): void {
  if (shape.primaryKey.length > 0) return;
  throw new StudioError({
    code: "database.noPrimaryKey",
    message: `Other tables refer to ${shape.schema}.${shape.name}, and it has no primary key to tell its rows by.`,
    hint: "Restore the tables that refer to it in the same run, or the whole database.",
    exitCode: exitCodes.checkFailed,
  });
}

function referenceCut(shape: TableShape, by: string, key: string, count: number): StudioError {
  const name = `${shape.schema}.${shape.name}`;
  return new StudioError({
    code: "database.referenced",
    message: `${count} rows of ${by} refer to rows of ${name} that are not in the dump (foreign key ${key}). Nothing was changed.`,
    hint: `Restore ${by} in the same run, or the whole database.`,
    exitCode: exitCodes.checkFailed,
    details: { table: name, referringTable: by, foreignKey: key, rows: count },
  });
}
