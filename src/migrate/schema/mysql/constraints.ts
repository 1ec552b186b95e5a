import type { Knex } from "knex";
import { type Check, type ForeignKey, type Index, type Table, type Term, given } from "../model.ts";
import { type Server, plainExpression, query } from "./catalog.ts";
import { leaveOutOwnIndexes } from "./own-index.ts";

interface IndexRow {
  TABLE_NAME: string;
  INDEX_NAME: string;
  NON_UNIQUE: number | string;
  COLUMN_NAME: string | null;
  COLLATION: "A" | "D" | null;
  SUB_PART: number | string | null;
  INDEX_TYPE: string;
  INDEX_COMMENT: string;
  /** MySQL. */
  EXPRESSION?: string | null;
  IS_VISIBLE?: "YES" | "NO";
  /** MariaDB. */
  IGNORED?: "YES" | "NO";
}

/** @returns what is there and has no words here */
export async function readIndexes(
  session: Knex,
  server: Server,
  tables: Map<string, Table>,
): Promise<string[]> {
  const rows = await query<IndexRow>(
    session,
    `SELECT * FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = DATABASE()
     ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX`,
  );
  const hidden = new Set<string>();
  for (const row of rows) {
    const table = tables.get(row.TABLE_NAME);
    if (table === undefined) continue;
    if (row.IS_VISIBLE === "NO" || row.IGNORED === "YES") {
      hidden.add(`invisibility of the index ${row.TABLE_NAME}.${row.INDEX_NAME}`);
    }
    addTerm(table, row, termOf(row, server));
  }
  return [...hidden];
}

function addTerm(table: Table, row: IndexRow, term: Term): void {
  if (row.INDEX_NAME === "PRIMARY") {
    table.primaryKey ??= { terms: [] };
    table.primaryKey.terms.push(term);
    return;
  }
  const last = table.indexes.at(-1);
  if (last?.name === row.INDEX_NAME) {
    last.terms.push(term);
    return;
  }
  const method = row.INDEX_TYPE.toLowerCase();
  table.indexes.push({
    name: row.INDEX_NAME,
    terms: [term],
    ...given<Index>({
      unique: Number(row.NON_UNIQUE) === 0,
      method: method === "btree" ? null : method,
      comment: row.INDEX_COMMENT,
    }),
  });
}

function termOf(row: IndexRow, server: Server): Term {
  const expression = row.EXPRESSION ?? null;
  return given<Term>({
    column: row.COLUMN_NAME,
    expression: expression === null ? null : plainExpression(expression, server),
    descending: row.COLLATION === "D",
    // A spatial index has the length of a box.
    length: row.INDEX_TYPE === "SPATIAL" || row.SUB_PART === null ? null : Number(row.SUB_PART),
  });
}

interface KeyRow {
  owner: string;
  name: string;
  column: string;
  target: string;
  referenced: string;
  on_update: string;
  on_delete: string;
}

export async function readForeignKeys(session: Knex, tables: Map<string, Table>): Promise<void> {
  const rows = await query<KeyRow>(
    session,
    `SELECT k.TABLE_NAME AS owner, k.CONSTRAINT_NAME AS name, k.COLUMN_NAME AS \`column\`,
       k.REFERENCED_TABLE_NAME AS target, k.REFERENCED_COLUMN_NAME AS referenced,
       r.UPDATE_RULE AS on_update, r.DELETE_RULE AS on_delete
     FROM information_schema.KEY_COLUMN_USAGE k
     JOIN information_schema.REFERENTIAL_CONSTRAINTS r
       ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
       AND r.TABLE_NAME = k.TABLE_NAME
     WHERE k.TABLE_SCHEMA = DATABASE() AND k.REFERENCED_TABLE_NAME IS NOT NULL
     ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION`,
  );
  for (const row of rows) {
    const keys = tables.get(row.owner)?.foreignKeys;
    const last = keys?.at(-1);
    if (last?.name === row.name) {
      last.columns.push(row.column);
      last.referenced.push(row.referenced);
      continue;
    }
    keys?.push({
      name: row.name,
      columns: [row.column],
      table: row.target,
      referenced: [row.referenced],
      ...given<ForeignKey>({
        onDelete: actionOf(row.on_delete),
        onUpdate: actionOf(row.on_update),
      }),
    });
  }
  for (const table of tables.values()) leaveOutOwnIndexes(table);
}

/** InnoDB does the same for RESTRICT and NO ACTION, and the servers differ in which they print. */
function actionOf(rule: string): string | null {
  return /^(RESTRICT|NO ACTION)$/.test(rule) ? null : rule.toLowerCase();
}

interface CheckRow {
  owner: string;
  name: string;
  expression: string;
  level?: "Column" | "Table";
  enforced?: "YES" | "NO";
}

export async function readChecks(
  session: Knex,
  server: Server,
  tables: Map<string, Table>,
): Promise<void> {
  const rows = await query<CheckRow>(session, server.isMariadb ? mariadbChecks : mysqlChecks);
  for (const row of rows) {
    const table = tables.get(row.owner);
    if (table === undefined) continue;
    const expression = plainExpression(row.expression, server);
    if (row.level === "Column" && isJsonCheck(table, row.name, expression)) continue;
    table.checks.push({
      name: row.name,
      expression,
      ...given<Check>({
        column: row.level === "Column" ? row.name : null,
        notEnforced: row.enforced === "NO",
      }),
    });
  }
}

const mariadbChecks = `SELECT TABLE_NAME AS owner, CONSTRAINT_NAME AS name,
    CHECK_CLAUSE AS expression, LEVEL AS level
  FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = DATABASE()`;

const mysqlChecks = `SELECT t.TABLE_NAME AS owner, c.CONSTRAINT_NAME AS name,
    c.CHECK_CLAUSE AS expression, t.ENFORCED AS enforced
  FROM information_schema.CHECK_CONSTRAINTS c
  JOIN information_schema.TABLE_CONSTRAINTS t
    ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME
  WHERE c.CONSTRAINT_SCHEMA = DATABASE() AND t.CONSTRAINT_TYPE = 'CHECK'`;

/** JSON of MariaDB is a text that is checked: it is told as the type that was written. */
function isJsonCheck(table: Table, name: string, expression: string): boolean {
  const column = table.columns.find((one) => one.name === name);
  if (column?.type !== "longtext") return false;
  const [, checked] = /^json_valid\(`?(.*?)`?\)$/i.exec(expression) ?? [];
  if (checked !== name.replaceAll("`", "``") && checked !== name) return false;
  column.type = "json";
  delete column.collation;
  return true;
}
