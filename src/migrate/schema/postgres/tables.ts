import type { Knex } from "knex";
import { type Table, emptyTable, given } from "../model.ts";
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

interface Row extends Named {
  oid: string;
  unlogged: boolean;
  options: string[] | null;
  replica: string;
  secured: boolean;
  forced: boolean;
  partition_by: string | null;
  bounds: string | null;
  parent: string | null;
  parent_schema: string | null;
  comment: string | null;
}

/** The tables by their object identifiers. */
export async function readTables(session: Knex): Promise<Map<string, Table>> {
  const rows = await query<Row>(
    session,
    `SELECT c.oid::text AS oid, ${schemaColumn}, c.relname AS name,
       c.relpersistence = 'u' AS unlogged, c.reloptions AS options, c.relreplident AS replica,
       c.relrowsecurity AS secured, c.relforcerowsecurity AS forced,
       CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by,
       pg_get_expr(c.relpartbound, c.oid, true) AS bounds,
       p.relname AS parent, NULLIF(pn.nspname, current_schema()) AS parent_schema,
       d.description AS comment
     FROM pg_class c
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_inherits h ON h.inhrelid = c.oid AND c.relispartition
     LEFT JOIN pg_class p ON p.oid = h.inhparent
     LEFT JOIN pg_namespace pn ON pn.oid = p.relnamespace
     LEFT JOIN pg_description d
       ON d.objoid = c.oid AND d.classoid = 'pg_class'::regclass AND d.objsubid = 0
     WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND ${userSchema}
       AND ${isNotStudio("c.relname")} AND ${isOwn("pg_class", "c.oid")}`,
  );
  return new Map(rows.map((row) => [row.oid, tableOf(row)]));
}

const replicas: Record<string, string> = { f: "full", n: "nothing" };

function tableOf(row: Row): Table {
  const { parent, parent_schema: schema, bounds, secured, forced } = row;
  const replica = replicas[row.replica];
  return {
    ...emptyTable(nameOf(row)),
    options: {
      ...optionsOf(row.options),
      ...(row.unlogged ? { unlogged: "true" } : {}),
      ...(replica === undefined ? {} : { "replica identity": replica }),
    },
    ...given<Table>({
      comment: row.comment,
      partitionBy: row.partition_by?.replace(/^[A-Z]+/, (word) => word.toLowerCase()),
      partitionOf:
        parent === null || bounds === null
          ? null
          : { table: nameOf({ schema, name: parent }), bounds },
      rowSecurity: secured || forced ? { enabled: secured, forced, policies: [] } : null,
    }),
  };
}
