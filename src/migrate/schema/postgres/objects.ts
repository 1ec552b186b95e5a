import type { Knex } from "knex";
import { type Extension, type Sequence, type View, given } from "../model.ts";
import {
  type Named,
  isNotStudio,
  isOwn,
  nameOf,
  optionsOf,
  query,
  schemaColumn,
  userSchema,
} from "./catalog.ts";
import { type SequenceRow, optionWords, sequenceColumns } from "./columns.ts";

export async function readSchemas(session: Knex): Promise<string[]> {
  const rows = await query<{ name: string }>(
    session,
    `SELECT n.nspname AS name FROM pg_namespace n
     WHERE ${userSchema} AND n.nspname IS DISTINCT FROM current_schema()
       AND ${isOwn("pg_namespace", "n.oid")}`,
  );
  return rows.map(({ name }) => name);
}

/** PL/pgSQL is in every database. */
export async function readExtensions(session: Knex): Promise<Extension[]> {
  const rows = await query<{ name: string; schema: string | null }>(
    session,
    `SELECT e.extname AS name, NULLIF(NULLIF(n.nspname, current_schema()), 'pg_catalog') AS schema
     FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     WHERE e.extname <> 'plpgsql'`,
  );
  return rows.map(({ name, schema }) => ({ name, ...given<Extension>({ schema }) }));
}

/** Views and materialised views by their object identifiers. */
export async function readViews(session: Knex): Promise<Map<string, View>> {
  const rows = await query<
    Named & {
      oid: string;
      materialized: boolean;
      definition: string;
      options: string[] | null;
      comment: string | null;
    }
  >(
    session,
    `SELECT c.oid::text AS oid, ${schemaColumn}, c.relname AS name,
       c.relkind = 'm' AS materialized, pg_get_viewdef(c.oid, true) AS definition,
       c.reloptions AS options, d.description AS comment
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
     WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND ${userSchema}
       AND ${isNotStudio("c.relname")} AND ${isOwn("pg_class", "c.oid")}`,
  );
  return new Map(
    rows.map((row) => [
      row.oid,
      {
        name: nameOf(row),
        kind: row.materialized ? "materialized" : "view",
        definition: row.definition.trim().replace(/;$/, ""),
        columns: [],
        options: optionsOf(row.options),
        indexes: [],
        ...given<View>({ comment: row.comment }),
      },
    ]),
  );
}

/** @param owned those that are part of a column */
export async function readSequences(session: Knex, owned: Set<string>): Promise<Sequence[]> {
  const rows = await query<Named & SequenceRow & { oid: string; comment: string | null }>(
    session,
    `SELECT c.oid::text AS oid, ${schemaColumn}, c.relname AS name, ${sequenceColumns},
       d.description AS comment
     FROM pg_sequence s
     JOIN pg_class c ON c.oid = s.seqrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
     WHERE c.relpersistence <> 't' AND ${userSchema} AND ${isNotStudio("c.relname")}
       AND ${isOwn("pg_class", "c.oid")}
       AND NOT EXISTS (SELECT 1 FROM pg_depend o JOIN pg_class t ON t.oid = o.refobjid
         WHERE o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.deptype IN ('a', 'i')
           AND o.refclassid = 'pg_class'::regclass AND t.relname LIKE 'studio\\_%')`,
  );
  return rows
    .filter(({ oid }) => !owned.has(oid))
    .map((row) => ({
      name: nameOf(row),
      type: row.type,
      options: optionWords(row),
      ...given<Sequence>({ comment: row.comment }),
    }));
}
