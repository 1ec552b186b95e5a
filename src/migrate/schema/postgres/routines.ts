import type { Knex } from "knex";
import { type Policy, type Routine, type Table, type Trigger, given } from "../model.ts";
import {
  type Named,
  isNotStudio,
  isOwn,
  nameOf,
  query,
  schemaColumn,
  userSchema,
} from "./catalog.ts";

export async function readRoutines(session: Knex): Promise<Routine[]> {
  const rows = await query<
    Named & { types: string; definition: string; first: string; comment: string | null }
  >(
    session,
    `SELECT ${schemaColumn}, p.proname AS name, oidvectortypes(p.proargtypes) AS types,
       pg_get_functiondef(p.oid) AS definition, quote_ident(current_schema()) AS first,
       d.description AS comment
     FROM pg_proc p
     JOIN pg_namespace n ON n.oid = p.pronamespace
     LEFT JOIN pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass
     WHERE p.prokind <> 'a' AND ${userSchema} AND ${isNotStudio("p.proname")}
       AND ${isOwn("pg_proc", "p.oid")}`,
  );
  return rows.map((row) => ({
    signature: `${nameOf(row)}(${row.types})`,
    definition: withoutSchema(row.definition.trim(), row.first),
    ...given<Routine>({ comment: row.comment }),
  }));
}

/** The server always names the schema; that of the first one is left out, as everywhere. */
function withoutSchema(definition: string, first: string): string {
  const [start = "", name = ""] = /^CREATE OR REPLACE \w+ ([^(]*)/.exec(definition) ?? [];
  if (!name.startsWith(`${first}.`)) return definition;
  const head = start.slice(0, start.length - name.length);
  return head + name.slice(first.length + 1) + definition.slice(start.length);
}

const enabled: Record<string, string> = { D: "disabled", R: "replica", A: "always" };

/** The triggers of tables and views; those that a partition has from its table are left out. */
export async function readTriggers(session: Knex, owners: string[]): Promise<Trigger[]> {
  const rows = await query<
    Named & { trigger: string; definition: string; enabled: string; comment: string | null }
  >(
    session,
    `SELECT ${schemaColumn}, c.relname AS name, t.tgname AS trigger,
       pg_get_triggerdef(t.oid, true) AS definition, t.tgenabled AS enabled,
       d.description AS comment
     FROM pg_trigger t
     JOIN pg_class c ON c.oid = t.tgrelid
     JOIN pg_namespace n ON n.oid = c.relnamespace
     LEFT JOIN pg_description d ON d.objoid = t.oid AND d.classoid = 'pg_trigger'::regclass
     WHERE NOT t.tgisinternal AND COALESCE((to_jsonb(t) ->> 'tgparentid')::oid, 0) = 0
       AND t.tgrelid = ANY (ARRAY[${owners.join(",")}]::oid[]) AND ${isNotStudio("t.tgname")}`,
  );
  return rows.map((row) => ({
    name: row.trigger,
    table: nameOf(row),
    definition: row.definition,
    ...given<Trigger>({ enabled: enabled[row.enabled], comment: row.comment }),
  }));
}

const commands: Record<string, Policy["command"]> = {
  r: "select",
  a: "insert",
  w: "update",
  d: "delete",
};

export async function readPolicies(session: Knex, tables: Map<string, Table>): Promise<void> {
  const rows = await query<{
    owner: string;
    name: string;
    command: string;
    permissive: boolean;
    roles: string[] | null;
    using: string | null;
    checked: string | null;
  }>(
    session,
    `SELECT p.polrelid::text AS owner, p.polname AS name, p.polcmd AS command,
       p.polpermissive AS permissive,
       (SELECT array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_roles r
         WHERE r.oid = ANY (p.polroles)) AS roles,
       pg_get_expr(p.polqual, p.polrelid, true) AS using,
       pg_get_expr(p.polwithcheck, p.polrelid, true) AS checked
     FROM pg_policy p WHERE p.polrelid = ANY (ARRAY[${[...tables.keys()].join(",")}]::oid[])`,
  );
  for (const row of rows) {
    const table = tables.get(row.owner);
    if (table === undefined) continue;
    table.rowSecurity ??= { enabled: false, forced: false, policies: [] };
    table.rowSecurity.policies.push({
      name: row.name,
      command: commands[row.command] ?? "all",
      roles: row.roles ?? [],
      ...given<Policy>({ restrictive: !row.permissive, using: row.using, check: row.checked }),
    });
  }
}
