import type { Knex } from "knex";
import { isDeepStrictEqual } from "node:util";
import { withoutParentheses } from "../expression/parentheses.ts";
import { usualSequence } from "../generate/rename-schema.ts";
import { type Column, type Identity, type Table, given } from "../model.ts";
import { joinName } from "../names.ts";
import { type SequenceFacts, sequenceWords } from "../words/sequence.ts";
import { query } from "./catalog.ts";

export interface SequenceRow {
  type: string;
  increment: string;
  minimum: string;
  maximum: string;
  start: string;
  cache: string;
  cycle: boolean;
}

/** The columns of `pg_sequence s`, as texts: they go beyond what a number holds. */
export const sequenceColumns = `format_type(s.seqtypid, NULL) AS type,
  s.seqincrement::text AS increment, s.seqmin::text AS minimum, s.seqmax::text AS maximum,
  s.seqstart::text AS start, s.seqcache::text AS cache, s.seqcycle AS cycle`;

interface Row extends SequenceRow {
  owner: string;
  name: string;
  of_type: string;
  required: boolean;
  expression: string | null;
  identity: string;
  generated: string;
  collation: string | null;
  collation_schema: string | null;
  comment: string | null;
  sequence_oid: string | null;
  sequence_schema: string | null;
  sequence: string | null;
  fills: boolean;
}

/**
 * Reads the columns of all tables into them.
 * @returns the object identifiers of the sequences that are part of a column
 */
export async function readColumns(session: Knex, tables: Map<string, Table>): Promise<Set<string>> {
  const rows = await query<Row>(
    session,
    `SELECT a.attrelid::text AS owner, a.attname AS name,
       format_type(a.atttypid, a.atttypmod) AS of_type, a.attnotnull AS required,
       pg_get_expr(f.adbin, f.adrelid, true) AS expression,
       a.attidentity AS identity, a.attgenerated AS generated,
       CASE WHEN a.attcollation <> t.typcollation THEN l.collname END AS collation,
       NULLIF(NULLIF(ln.nspname, 'pg_catalog'), current_schema()) AS collation_schema,
       d.description AS comment,
       q.oid::text AS sequence_oid, q.relname AS sequence,
       NULLIF(qn.nspname, current_schema()) AS sequence_schema,
       a.attidentity <> '' OR pg_get_expr(f.adbin, f.adrelid) =
         format('nextval(%L::regclass)', q.oid::regclass::text) AS fills,
       ${sequenceColumns}
     FROM pg_attribute a
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
     LEFT JOIN pg_collation l ON l.oid = a.attcollation
     LEFT JOIN pg_namespace ln ON ln.oid = l.collnamespace
     LEFT JOIN pg_description d
       ON d.objoid = a.attrelid AND d.classoid = 'pg_class'::regclass AND d.objsubid = a.attnum
     LEFT JOIN pg_depend o ON o.refclassid = 'pg_class'::regclass AND o.refobjid = a.attrelid
       AND o.refobjsubid = a.attnum AND o.classid = 'pg_class'::regclass
       AND o.deptype IN ('a', 'i') AND o.objid IN (SELECT seqrelid FROM pg_sequence)
     LEFT JOIN pg_class q ON q.oid = o.objid
     LEFT JOIN pg_namespace qn ON qn.oid = q.relnamespace
     LEFT JOIN pg_sequence s ON s.seqrelid = q.oid
     WHERE a.attrelid = ANY (ARRAY[${[...tables.keys()].join(",")}]::oid[])
       AND a.attnum > 0 AND NOT a.attisdropped
     ORDER BY a.attrelid, a.attnum`,
  );
  const owned = new Set<string>();
  for (const row of rows) {
    const table = tables.get(row.owner);
    const column = table === undefined ? undefined : columnOf(row, table);
    if (column === undefined || table?.columns.at(-1)?.name === column.name) continue;
    table?.columns.push(column);
    if (column.identity !== undefined && row.sequence_oid !== null) owned.add(row.sequence_oid);
  }
  leaveOutInherited(tables);
  return owned;
}

function columnOf(row: Row, table: Table): Column {
  const isGenerated = row.generated !== "";
  const identity = identityOf(row, table.name);
  const hasDefault = !isGenerated && identity === null && !isNull(row.expression);
  return {
    name: row.name,
    type: row.of_type,
    nullable: !row.required,
    ...given<Column>({
      default: hasDefault ? withoutOwnCast(row.expression ?? "", row.of_type) : null,
      identity,
      generated: isGenerated
        ? {
            expression: withoutParentheses(row.expression ?? "", "postgres"),
            stored: row.generated === "s",
          }
        : null,
      collation: row.collation === null ? null : joinName(row.collation_schema, row.collation),
      comment: row.comment,
    }),
  };
}

/** A cast of a literal to the column's own type says nothing: `'x'::text` of a text column. */
export function withoutOwnCast(expression: string, type: string): string {
  const [, literal = "", cast] = /^('(?:[^']|'')*')::([^:]+)$/.exec(expression) ?? [];
  const base = type.replace(/\(.*?\)/, "").replace(/\s+/g, " ");
  if (cast !== base) return expression;
  const isNumber = /^(smallint|integer|bigint|numeric|real|double precision)$/.test(base);
  return isNumber && /^'-?\d+(\.\d+)?'$/.test(literal) ? literal.slice(1, -1) : literal;
}

/** `DEFAULT NULL` is kept for types with a modifier: `NULL::character varying`. */
function isNull(expression: string | null): boolean {
  return expression === null || /^NULL(::|$)/.test(expression);
}

function identityOf(row: Row, table: string): Identity | null {
  if (row.sequence === null || !row.fills) return null;
  const kinds: Record<string, Identity["kind"]> = { a: "always", d: "by default" };
  const name = joinName(row.sequence_schema, row.sequence);
  // The sequence of a serial column has its type, unless someone changed it.
  const options = sequenceWords(row, row.of_type, "postgres");
  return {
    kind: kinds[row.identity] ?? "serial",
    ...given<Identity>({
      options: row.type === row.of_type ? options : sequenceWords(row, row.type, "postgres"),
      sequence: name === usualSequence(table, row.name) ? null : name,
    }),
  };
}

/** The options of a sequence as words. */
export function optionWords(row: SequenceRow): string {
  const facts: SequenceFacts = row;
  return sequenceWords(facts, row.type, "postgres");
}

/** A partition whose columns are those of its table has none of its own here. */
function leaveOutInherited(tables: Map<string, Table>): void {
  const byName = new Map([...tables.values()].map((table) => [table.name, table]));
  const same = (one: Column, other: Column | undefined) =>
    isDeepStrictEqual({ ...one, comment: "" }, { ...other, comment: "" });
  const inherited = [...tables.values()].filter((table) => {
    const parent = byName.get(table.partitionOf?.table ?? "");
    if (parent === undefined || parent.columns.length !== table.columns.length) return false;
    return table.columns.every((column) =>
      same(
        column,
        parent.columns.find(({ name }) => name === column.name),
      ),
    );
  });
  for (const table of inherited) table.columns = [];
}
