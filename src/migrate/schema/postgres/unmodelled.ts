import type { Knex } from "knex";
import { isNotStudio, isOwn, query, userSchema } from "./catalog.ts";

/** The kinds of objects that this form of a schema has no words for, and where they are. */
const kinds: [kind: string, catalog: string, name: string, schema: string, where?: string][] = [
  [
    "aggregate",
    "pg_proc",
    "proname || '(' || oidvectortypes(o.proargtypes) || ')'",
    "pronamespace",
    "o.prokind = 'a'",
  ],
  ["foreign table", "pg_class", "relname", "relnamespace", "o.relkind = 'f'"],
  ["range type", "pg_type", "typname", "typnamespace", "o.typtype = 'r'"],
  ["base type", "pg_type", "typname", "typnamespace", "o.typtype = 'b' AND o.typelem = 0"],
  ["operator", "pg_operator", "oprname", "oprnamespace"],
  ["operator class", "pg_opclass", "opcname", "opcnamespace"],
  ["collation", "pg_collation", "collname", "collnamespace"],
  ["conversion", "pg_conversion", "conname", "connamespace"],
  ["statistics", "pg_statistic_ext", "stxname", "stxnamespace"],
  ["text search configuration", "pg_ts_config", "cfgname", "cfgnamespace"],
  ["text search dictionary", "pg_ts_dict", "dictname", "dictnamespace"],
];

/** What is of the whole database, or of a table, and has no schema of its own. */
const others = `
  SELECT 'rule ' || r.rulename || ' of ' || r.ev_class::regclass FROM pg_rewrite r
  JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.rulename <> '_RETURN' AND ${userSchema} AND ${isOwn("pg_rewrite", "r.oid")}
  UNION ALL
  SELECT 'inheritance of ' || h.inhrelid::regclass || ' from ' || h.inhparent::regclass
  FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT c.relispartition AND c.relkind = 'r' AND ${userSchema}
  UNION ALL
  SELECT 'replica identity of ' || c.oid::regclass FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND c.relreplident = 'i' AND ${userSchema}
  UNION ALL
  SELECT CASE WHEN (to_jsonb(k) ->> 'conperiod')::boolean THEN 'period of ' ELSE 'not enforced: ' END
    || k.conrelid::regclass || '.' || k.conname
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE ${userSchema} AND k.conparentid = 0 AND ((to_jsonb(k) ->> 'conperiod')::boolean
    OR NOT (to_jsonb(k) ->> 'conenforced')::boolean)
  UNION ALL
  SELECT 'comment on ' || c.oid::regclass || '.' || a.attname FROM pg_description d
  JOIN pg_class c ON c.oid = d.objoid JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.objsubid
  WHERE d.classoid = 'pg_class'::regclass AND c.relkind IN ('v', 'm') AND ${userSchema}
    AND ${isOwn("pg_class", "c.oid")}
  UNION ALL
  SELECT 'event trigger ' || w.evtname FROM pg_event_trigger w
  WHERE ${isOwn("pg_event_trigger", "w.oid")}
  UNION ALL
  SELECT 'publication ' || p.pubname FROM pg_publication p
  UNION ALL
  SELECT 'foreign server ' || s.srvname FROM pg_foreign_server s
  WHERE ${isOwn("pg_foreign_server", "s.oid")}
  UNION ALL
  SELECT 'cast from ' || format_type(k.castsource, NULL) || ' to ' || format_type(k.casttarget, NULL)
  FROM pg_cast k WHERE k.oid >= 16384 AND ${isOwn("pg_cast", "k.oid")}`;

export async function readUnmodelled(session: Knex): Promise<string[]> {
  const parts = kinds.map(
    ([kind, catalog, name, schema, where = "true"]) =>
      `SELECT '${kind} ' || COALESCE(NULLIF(n.nspname, current_schema()) || '.', '') || o.${name} AS found
       FROM ${catalog} o JOIN pg_namespace n ON n.oid = o.${schema}
       WHERE ${where} AND ${userSchema} AND ${isOwn(catalog, "o.oid")}
         AND ${isNotStudio(`o.${name}`)}`,
  );
  const rows = await query<{ found: string }>(session, [...parts, others].join(" UNION ALL "));
  return rows.map(({ found }) => found);
}
