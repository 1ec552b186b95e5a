import type { Knex } from "knex";
import { withoutParentheses } from "../expression/parentheses.ts";
import { type Index, type Term, given } from "../model.ts";
import { optionsOf, query } from "./catalog.ts";

interface TermRow {
  column: string | null;
  expression: string;
  option: number;
  operator_class: string | null;
  collation: string | null;
  included: boolean;
}

interface Row {
  owner: string;
  name: string;
  terms: TermRow[];
  unique: boolean;
  valid: boolean;
  nulls_not_distinct: boolean;
  method: string;
  predicate: string | null;
  options: string[] | null;
  comment: string | null;
}

interface Owner {
  indexes: Index[];
}

/** Reads the indexes of tables and materialised views into them, but for those of constraints. */
export async function readIndexes(session: Knex, owners: Map<string, Owner>): Promise<void> {
  const rows = await query<Row>(
    session,
    `SELECT i.indrelid::text AS owner, c.relname AS name, i.indisunique AS unique,
       i.indisvalid AS valid, m.amname AS method, c.reloptions AS options,
       COALESCE((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_not_distinct,
       pg_get_expr(i.indpred, i.indrelid, true) AS predicate, d.description AS comment,
       (SELECT json_agg(json_build_object(
          'column', a.attname, 'expression', pg_get_indexdef(i.indexrelid, k, true),
          'option', CASE WHEN k <= i.indnkeyatts THEN i.indoption[k - 1] ELSE 0 END,
          'operator_class', CASE WHEN NOT o.opcdefault OR x.attoptions IS NOT NULL
            THEN o.opcname || COALESCE('(' || array_to_string(x.attoptions, ', ') || ')', '') END,
          'collation', CASE WHEN i.indcollation[k - 1] <> COALESCE(a.attcollation, x.attcollation)
            THEN l.collname END,
          'included', k > i.indnkeyatts) ORDER BY k)
        FROM generate_series(1, i.indnatts) k
        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k - 1]
          AND a.attnum <> 0
        LEFT JOIN pg_attribute x ON x.attrelid = i.indexrelid AND x.attnum = k
        LEFT JOIN pg_opclass o ON k <= i.indnkeyatts AND o.oid = i.indclass[k - 1]
        LEFT JOIN pg_collation l ON k <= i.indnkeyatts AND l.oid = i.indcollation[k - 1]
       ) AS terms
     FROM pg_index i
     JOIN pg_class c ON c.oid = i.indexrelid
     JOIN pg_am m ON m.oid = c.relam
     LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
     WHERE i.indrelid = ANY (ARRAY[${[...owners.keys()].join(",")}]::oid[])
       AND NOT EXISTS (SELECT 1 FROM pg_constraint n
         WHERE n.conindid = i.indexrelid AND n.contype IN ('p', 'u', 'x'))
       AND NOT EXISTS (SELECT 1 FROM pg_inherits h WHERE h.inhrelid = i.indexrelid)`,
  );
  for (const row of rows) owners.get(row.owner)?.indexes.push(indexOf(row));
}

function indexOf(row: Row): Index {
  const options = optionsOf(row.options);
  return {
    name: row.name,
    terms: row.terms.filter(({ included }) => !included).map(termOf),
    ...given<Index>({
      unique: row.unique,
      method: row.method === "btree" ? null : row.method,
      predicate: row.predicate === null ? null : withoutParentheses(row.predicate, "postgres"),
      include: row.terms.filter(({ included }) => included).map(({ column }) => column ?? ""),
      nullsNotDistinct: row.nulls_not_distinct,
      invalid: !row.valid,
      options,
      comment: row.comment,
    }),
  };
}

/** https://github.com/postgres/postgres/blob/master/src/include/access/amapi.h: INDOPTION_* */
function termOf(row: TermRow): Term {
  const descending = (row.option & 1) !== 0;
  const nullsFirst = (row.option & 2) !== 0;
  const { column, collation } = row;
  return given<Term>({
    column,
    expression: column === null ? withoutParentheses(row.expression, "postgres") : null,
    collation,
    operatorClass: row.operator_class,
    descending,
    nulls: nullsFirst === descending ? null : nullsFirst ? "first" : "last",
  });
}
