import type { Knex } from "knex";
import { withoutOwnCast } from "./columns.ts";
import { type CompositeType, type CustomType, given } from "../model.ts";
import {
  type Named,
  isNotStudio,
  isOwn,
  nameOf,
  query,
  schemaColumn,
  userSchema,
} from "./catalog.ts";

interface Row extends Named {
  kind: "e" | "d" | "c";
  labels: string[] | null;
  base: string | null;
  required: boolean;
  expression: string | null;
  collation: string | null;
  checks: { name: string; expression: string; validated: boolean }[] | null;
  attributes: { name: string; type: string; collation: string | null }[] | null;
  comment: string | null;
}

const statement = `SELECT ${schemaColumn}, t.typname AS name, t.typtype AS kind, d.description AS comment,
       (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e
         WHERE e.enumtypid = t.oid) AS labels,
       CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base,
       t.typnotnull AS required, pg_get_expr(t.typdefaultbin, 0, true) AS expression,
       CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN l.collname END AS collation,
       (SELECT json_agg(json_build_object('name', k.conname, 'validated', k.convalidated,
          'expression', pg_get_expr(k.conbin, 0, true)))
        FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c') AS checks,
       (SELECT json_agg(json_build_object('name', a.attname,
          'type', format_type(a.atttypid, a.atttypmod),
          'collation', CASE WHEN a.attcollation <> y.typcollation THEN z.collname END)
          ORDER BY a.attnum)
        FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid
        LEFT JOIN pg_collation z ON z.oid = a.attcollation
        WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) AS attributes
     FROM pg_type t
     JOIN pg_namespace n ON n.oid = t.typnamespace
     LEFT JOIN pg_class c ON c.oid = t.typrelid
     LEFT JOIN pg_type b ON b.oid = t.typbasetype
     LEFT JOIN pg_collation l ON l.oid = t.typcollation
     LEFT JOIN pg_description d
       ON d.objoid = COALESCE(NULLIF(t.typrelid, 0), t.oid) AND d.objsubid = 0
       AND d.classoid = CASE WHEN t.typrelid = 0 THEN 'pg_type' ELSE 'pg_class' END::regclass
     WHERE (t.typtype IN ('e', 'd') OR t.typtype = 'c' AND c.relkind = 'c') AND ${userSchema}
       AND ${isNotStudio("t.typname")} AND ${isOwn("pg_type", "t.oid")}`;

export async function readTypes(session: Knex): Promise<CustomType[]> {
  return (await query<Row>(session, statement)).map(typeOf);
}

function typeOf(row: Row): CustomType {
  const name = nameOf(row);
  const comment = given<{ comment: string }>({ comment: row.comment });
  if (row.kind === "e") return { kind: "enum", name, labels: row.labels ?? [], ...comment };
  if (row.kind === "c") {
    const attributes = (row.attributes ?? []).map(({ name: one, type, collation }) => ({
      name: one,
      type,
      ...given<CompositeType["attributes"][number]>({ collation }),
    }));
    return { kind: "composite", name, attributes, ...comment };
  }
  return {
    kind: "domain",
    name,
    type: row.base ?? "",
    nullable: !row.required,
    checks: (row.checks ?? []).map(({ name: one, expression, validated }) => ({
      name: one,
      expression,
      ...(validated ? {} : { notValid: true }),
    })),
    ...(row.expression === null ? {} : { default: withoutOwnCast(row.expression, row.base ?? "") }),
    ...(row.collation === null ? {} : { collation: row.collation }),
    ...comment,
  };
}
