import type { Client } from "pg";
import { qualified } from "./connection.ts";

export interface ForeignKey {
  name: string;
  /** The table that refers. */
  schema: string;
  table: string;
  columns: string[];
  /** The columns it refers to. */
  referenced: string[];
}

/** A table as it is in the live database. */
export interface TableShape {
  schema: string;
  name: string;
  /** Without generated columns, whose values are computed. */
  columns: string[];
  primaryKey: string[];
  /** Foreign keys that refer to it, its own ones excepted. */
  incoming: ForeignKey[];
  /** The other tables that it refers to. */
  outgoing: { schema: string; name: string }[];
  /** The operator's triggers that are on, by name; O, R or A (see pg_trigger.tgenabled). */
  triggers: { name: string; enabled: string }[];
  /** Columns that take their values from a sequence of their own. */
  sequences: { column: string; sequence: string }[];
  /** Rules that rewrite what is written to it. */
  hasRules: boolean;
  /** Materialized views that read it directly. */
  materializedViews: string[];
}

/** @returns null where there is no such table */
export async function readTableShape(
  client: Client,
  schema: string,
  name: string,
): Promise<TableShape | null> {
  const [row] = (await client.query<TableShape>(shapeQuery, [qualified(schema, name)])).rows;
  return row === undefined ? null : { ...row, schema, name };
}

const columnNames = (relation: string, numbers: string): string => `
  (SELECT jsonb_agg(a.attname ORDER BY k.place) FROM unnest(${numbers}) WITH ORDINALITY k (n, place)
    JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.n)`;

const shapeQuery = `
  SELECT
    (SELECT coalesce(jsonb_agg(attname ORDER BY attnum), '[]') FROM pg_attribute
      WHERE attrelid = t.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns,
    coalesce((SELECT ${columnNames("t.oid", "p.conkey")} FROM pg_constraint p
      WHERE p.conrelid = t.oid AND p.contype = 'p'), '[]') AS "primaryKey",
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', f.conname, 'schema', n.nspname,
        'table', r.relname, 'columns', ${columnNames("f.conrelid", "f.conkey")},
        'referenced', ${columnNames("f.confrelid", "f.confkey")}) ORDER BY f.conname), '[]')
      FROM pg_constraint f JOIN pg_class r ON r.oid = f.conrelid
        JOIN pg_namespace n ON n.oid = r.relnamespace
      WHERE f.contype = 'f' AND f.confrelid = t.oid AND f.conrelid <> t.oid) AS incoming,
    (SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('schema', n.nspname, 'name', r.relname)), '[]')
      FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
        JOIN pg_namespace n ON n.oid = r.relnamespace
      WHERE f.contype = 'f' AND f.conrelid = t.oid AND f.confrelid <> t.oid) AS outgoing,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('name', tgname, 'enabled', tgenabled)), '[]')
      FROM pg_trigger WHERE tgrelid = t.oid AND NOT tgisinternal AND tgenabled <> 'D') AS triggers,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('column', a.attname,
        'sequence', format('%I.%I', n.nspname, s.relname))), '[]')
      FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
        JOIN pg_namespace n ON n.oid = s.relnamespace
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid = t.oid AND d.deptype IN ('a', 'i')) AS sequences,
    EXISTS (SELECT FROM pg_rewrite WHERE ev_class = t.oid AND ev_type <> '1') AS "hasRules",
    (SELECT coalesce(jsonb_agg(DISTINCT format('%I.%I', n.nspname, v.relname)), '[]')
      FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid AND d.classid = 'pg_rewrite'::regclass
        JOIN pg_class v ON v.oid = w.ev_class AND v.relkind = 'm'
        JOIN pg_namespace n ON n.oid = v.relnamespace
      WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid) AS "materializedViews"
  FROM pg_class t WHERE t.oid = to_regclass($1) AND t.relkind = 'r'`;

/**
 * The columns of `COPY schema.table (a, "b c") FROM stdin;`, which is how an archive tells what a
 * table's file holds.
 */
export function copiedColumns(statement: string): string[] {
  // The table's name may hold parentheses, but only within quotes.
  const list = /^COPY (?:"(?:[^"]|"")*"|[^"( ])+ \((.*)\) FROM stdin;\s*$/s.exec(statement)?.[1];
  return [...(list ?? "").matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(
    ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? "",
  );
}

/** Tables that can be emptied together: nobody else refers to them. */
export function emptiable(shapes: readonly TableShape[]): Set<TableShape> {
  const result = new Set(shapes);
  for (let before = 0; before !== result.size; ) {
    before = result.size;
    const names = new Set([...result].map(({ schema, name }) => qualified(schema, name)));
    for (const shape of result) {
      const outside = shape.incoming.some(
        ({ schema, table }) => !names.has(qualified(schema, table)),
      );
      if (outside) result.delete(shape);
    }
  }
  return result;
}

/** Referenced tables before those that refer to them; where that is circular, in the given order. */
export function referencedFirst(shapes: readonly TableShape[]): TableShape[] {
  const rest = new Map(shapes.map((shape) => [qualified(shape.schema, shape.name), shape]));
  const ordered: TableShape[] = [];
  while (rest.size > 0) {
    const free = [...rest].filter(
      ([, { outgoing }]) => !outgoing.some(({ schema, name }) => rest.has(qualified(schema, name))),
    );
    const next = free.length > 0 ? free : [...rest].slice(0, 1);
    for (const [name, shape] of next) {
      rest.delete(name);
      ordered.push(shape);
    }
  }
  return ordered;
}
