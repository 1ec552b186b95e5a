import type { Knex } from "knex";
import { withoutParentheses } from "../expression/parentheses.ts";
import {
  type Check,
  type Deferral,
  type Exclusion,
  type ForeignKey,
  type Key,
  type Table,
  given,
} from "../model.ts";
import { nameOf, query } from "./catalog.ts";

interface Row {
  owner: string;
  name: string;
  kind: "p" | "u" | "f" | "c" | "x";
  columns: string[] | null;
  included: string[] | null;
  distinct_nulls: boolean;
  target: string | null;
  target_schema: string | null;
  referenced: string[] | null;
  on_delete: string;
  on_update: string;
  on_delete_columns: string[] | null;
  match: string;
  deferrable: boolean;
  deferred: boolean;
  validated: boolean;
  no_inherit: boolean;
  expression: string | null;
  definition: string;
  comment: string | null;
}

/** The names of columns by an array of their numbers, in its order. */
function columnNames(relation: string, numbers: string): string {
  return `(SELECT array_agg(k.attname::text ORDER BY u.at)
    FROM unnest(${numbers}) WITH ORDINALITY u(number, at)
    JOIN pg_attribute k ON k.attrelid = ${relation} AND k.attnum = u.number)`;
}

/** Reads the constraints of all tables into them; those that a partition has from its table are left out. */
export async function readConstraints(session: Knex, tables: Map<string, Table>): Promise<void> {
  const rows = await query<Row>(
    session,
    `SELECT c.conrelid::text AS owner, c.conname AS name, c.contype AS kind,
       ${columnNames("c.conrelid", "c.conkey")} AS columns,
       CASE WHEN c.contype IN ('p', 'u') THEN
         ${columnNames("c.conrelid", "(i.indkey::int2[])[i.indnkeyatts:]")} END AS included,
       COALESCE(NOT (to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, true) AS distinct_nulls,
       p.relname AS target, NULLIF(pn.nspname, current_schema()) AS target_schema,
       ${columnNames("c.confrelid", "c.confkey")} AS referenced,
       c.confdeltype AS on_delete, c.confupdtype AS on_update, c.confmatchtype AS match,
       ${columnNames("c.conrelid", "ARRAY(SELECT jsonb_array_elements_text(NULLIF(to_jsonb(c) -> 'confdelsetcols', 'null'))::int2)")} AS on_delete_columns,
       c.condeferrable AS deferrable, c.condeferred AS deferred, c.convalidated AS validated,
       c.connoinherit AS no_inherit, pg_get_expr(c.conbin, c.conrelid, true) AS expression,
       CASE WHEN c.contype = 'x' THEN pg_get_constraintdef(c.oid, true) ELSE '' END AS definition,
       d.description AS comment
     FROM pg_constraint c
     LEFT JOIN pg_index i ON i.indexrelid = c.conindid AND c.contype IN ('p', 'u')
     LEFT JOIN pg_class p ON p.oid = c.confrelid
     LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
     LEFT JOIN pg_description d ON d.objoid = c.oid AND d.classoid = 'pg_constraint'::regclass
     WHERE c.conrelid = ANY (ARRAY[${[...tables.keys()].join(",")}]::oid[])
       AND c.contype IN ('p', 'u', 'f', 'c', 'x') AND c.conparentid = 0
       AND (c.contype <> 'c' OR c.conislocal)`,
  );
  for (const row of rows) {
    const table = tables.get(row.owner);
    if (table === undefined) continue;
    if (row.kind === "p") table.primaryKey = keyOf(row);
    if (row.kind === "u") table.uniques.push(keyOf(row));
    if (row.kind === "f") table.foreignKeys.push(foreignKeyOf(row));
    if (row.kind === "c") table.checks.push(checkOf(row));
    if (row.kind === "x") table.exclusions.push(exclusionOf(row));
  }
}

function keyOf(row: Row): Key {
  return {
    name: row.name,
    terms: (row.columns ?? []).map((column) => ({ column })),
    ...given<Key>({
      include: row.included,
      nullsNotDistinct: !row.distinct_nulls,
      deferral: deferralOf(row),
      comment: row.comment,
    }),
  };
}

function deferralOf({ deferrable, deferred }: Row): Deferral | null {
  if (deferred) return "initially deferred";
  return deferrable ? "deferrable" : null;
}

const actions: Record<string, string> = {
  r: "restrict",
  c: "cascade",
  n: "set null",
  d: "set default",
};

function foreignKeyOf(row: Row): ForeignKey {
  const some = row.on_delete_columns ?? [];
  const onDelete = actions[row.on_delete];
  return {
    name: row.name,
    columns: row.columns ?? [],
    table: nameOf({ schema: row.target_schema, name: row.target ?? "" }),
    referenced: row.referenced ?? [],
    ...given<ForeignKey>({
      onDelete:
        onDelete !== undefined && some.length > 0 ? `${onDelete} (${some.join(", ")})` : onDelete,
      onUpdate: actions[row.on_update],
      matchFull: row.match === "f",
      deferral: deferralOf(row),
      notValid: !row.validated,
      comment: row.comment,
    }),
  };
}

function checkOf(row: Row): Check {
  return {
    name: row.name,
    expression: withoutParentheses(row.expression ?? "", "postgres"),
    ...given<Check>({
      notValid: !row.validated,
      noInherit: row.no_inherit,
      comment: row.comment,
    }),
  };
}

function exclusionOf({ name, definition, comment }: Row): Exclusion {
  return { name, definition, ...given<Exclusion>({ comment }) };
}
