import type { Knex } from "knex";
import { type Column, type Options, type Table, emptyTable, given } from "../model.ts";
import { isOwnName } from "../names.ts";
import { normaliseType } from "../types/normalise.ts";
import { type Server, literal, plainExpression, query } from "./catalog.ts";

interface TableRow {
  name: string;
  type: string;
  engine: string | null;
  collation: string | null;
  options: string | null;
  comment: string;
}

export interface Tables {
  tables: Map<string, Table>;
  /** The collations of the tables that have one. */
  collations: Map<string, string>;
  sequences: string[];
  partitioned: string[];
  unmodelled: string[];
}

export async function readTables(session: Knex, server: Server): Promise<Tables> {
  const rows = await query<TableRow>(
    session,
    `SELECT TABLE_NAME AS name, TABLE_TYPE AS type, ENGINE AS engine,
       TABLE_COLLATION AS collation, CREATE_OPTIONS AS options, TABLE_COMMENT AS comment
     FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()`,
  );
  const own = rows.filter(({ name }) => !isOwnName(name));
  const tables = own.filter(({ type }) => /^(BASE TABLE|SYSTEM VERSIONED)$/.test(type));
  return {
    tables: new Map(tables.map((row) => [row.name, tableOf(row, server)])),
    collations: new Map(tables.map(({ name, collation }) => [name, collation ?? ""])),
    sequences: own.filter(({ type }) => type === "SEQUENCE").map(({ name }) => name),
    partitioned: tables
      .filter(({ options }) => /\bpartitioned\b/.test(options ?? ""))
      .map(({ name }) => name),
    unmodelled: tables
      .filter(({ type }) => type === "SYSTEM VERSIONED")
      .map(({ name }) => `system versioning of ${name}`),
  };
}

function tableOf(row: TableRow, server: Server): Table {
  const { engine, collation } = row;
  return {
    ...emptyTable(row.name),
    options: {
      ...createOptions(row.options ?? ""),
      ...(engine === null || engine === "InnoDB" ? {} : { engine }),
      ...(collation === null || collation === server.collation ? {} : { collation }),
    },
    ...given<Table>({ comment: row.comment }),
  };
}

/** `row_format=DYNAMIC partitioned` without what is told elsewhere. */
function createOptions(text: string): Options {
  const pairs = [...text.matchAll(/`?(\w+)`?=(?:'([^']*)'|(\S+))/g)];
  return Object.fromEntries(
    pairs.map(([, name = "", quoted, plain = ""]) => [
      name.toLowerCase(),
      (quoted ?? plain).toLowerCase(),
    ]),
  );
}

interface ColumnRow {
  owner: string;
  name: string;
  type: string;
  nullable: "YES" | "NO";
  expression: string | null;
  collation: string | null;
  extra: string;
  generated: string | null;
  comment: string;
}

/** @returns what is there and has no words here */
export async function readColumns(
  session: Knex,
  server: Server,
  { tables, collations }: Tables,
): Promise<string[]> {
  const rows = await query<ColumnRow>(
    session,
    `SELECT TABLE_NAME AS owner, COLUMN_NAME AS name, COLUMN_TYPE AS type,
       IS_NULLABLE AS nullable, COLUMN_DEFAULT AS expression, COLLATION_NAME AS collation,
       EXTRA AS extra, GENERATION_EXPRESSION AS generated, COLUMN_COMMENT AS comment
     FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE()
     ORDER BY TABLE_NAME, ORDINAL_POSITION`,
  );
  const hidden: string[] = [];
  for (const row of rows) {
    const table = tables.get(row.owner);
    if (table === undefined) continue;
    table.columns.push(columnOf(row, server, collations.get(row.owner) ?? ""));
    if (/\bINVISIBLE\b/.test(row.extra)) hidden.push(`invisibility of ${row.owner}.${row.name}`);
  }
  return hidden;
}

function columnOf(row: ColumnRow, server: Server, tableCollation: string): Column {
  const { extra, generated, collation } = row;
  const type = normaliseType(row.type, "mysql");
  const [, onUpdate] = /on update (\S+)/i.exec(extra) ?? [];
  return {
    name: row.name,
    type,
    nullable: row.nullable === "YES",
    ...given<Column>({
      default: generated ? null : defaultOf(row, type, server),
      identity: /\bauto_increment\b/.test(extra) ? { kind: "automatic" } : null,
      generated: generated
        ? {
            expression: plainExpression(generated, server),
            stored: /\b(STORED|PERSISTENT)\b/.test(extra),
          }
        : null,
      collation: collation === tableCollation ? null : collation,
      onUpdate,
      comment: row.comment,
    }),
  };
}

const numeric = /^(tinyint|smallint|mediumint|int|bigint|decimal|float|double|bit|year)/;

/** MariaDB prints an expression, and NULL as one; MySQL a bare value, unless it says otherwise. */
function defaultOf({ expression, extra }: ColumnRow, type: string, server: Server): string | null {
  if (expression === null) return null;
  if (server.isMariadb) {
    return expression === "NULL" ? null : plainExpression(expression, server);
  }
  if (/DEFAULT_GENERATED/.test(extra) || /^current_timestamp/i.test(expression)) {
    return plainExpression(expression, server);
  }
  return numeric.test(type) ? expression : literal(expression);
}

/** What follows PARTITION BY; only the server can put it together. */
export async function readPartitioning(
  session: Knex,
  server: Server,
  { partitioned, tables }: Tables,
): Promise<void> {
  for (const name of partitioned) {
    const table = tables.get(name);
    const quoted = `\`${name.replaceAll("`", "``")}\``;
    const [row] = await query<Record<string, string>>(session, `SHOW CREATE TABLE ${quoted}`);
    const text = row?.["Create Table"] ?? "";
    const [, clause] = /\bPARTITION BY ([^]*?)\s*(?:\*\/)?\s*$/.exec(text) ?? [];
    if (table === undefined || clause === undefined) continue;
    const plain = plainExpression(clause, server).replace(/ ENGINE = InnoDB/g, "");
    table.partitionBy = plain.replace(/\s+/g, " ");
  }
}
