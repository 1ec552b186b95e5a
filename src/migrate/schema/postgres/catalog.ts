import type { Knex } from "knex";
import { joinName } from "../names.ts";

/** The database's own schemas, and those of temporary tables. */
export const userSchema = `n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\\_temp\\_%' AND n.nspname NOT LIKE 'pg\\_toast\\_temp\\_%'
  AND n.nspname NOT LIKE 'studio\\_%'`;

/** An object that an extension made is the extension's matter. */
export function isOwn(catalog: string, oid: string): string {
  return `NOT EXISTS (SELECT 1 FROM pg_depend e WHERE e.classid = '${catalog}'::regclass
    AND e.objid = ${oid} AND e.deptype = 'e')`;
}

/** The schema of a name, or null for the first of the search path. */
export const schemaColumn = "NULLIF(n.nspname, current_schema()) AS schema";

/** Studio's own tables, and what else begins so. */
export function isNotStudio(name: string): string {
  return `${name} NOT LIKE 'studio\\_%'`;
}

export interface Named {
  schema: string | null;
  name: string;
}

export function nameOf({ schema, name }: Named): string {
  return joinName(schema, name);
}

export async function query<T>(session: Knex, sql: string): Promise<T[]> {
  const result = await session.raw<{ rows: T[] }>(sql);
  return result.rows;
}

/** `{fillfactor=70,autovacuum_enabled=off}` as a map. */
export function optionsOf(list: readonly string[] | null): Record<string, string> {
  const pairs = (list ?? []).map((option): [string, string] => {
    const at = option.indexOf("=");
    return at === -1 ? [option, "true"] : [option.slice(0, at), option.slice(at + 1)];
  });
  return Object.fromEntries(pairs.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
