import type { Client } from "pg";
import { quoteIdentifier, quoteLiteral } from "./connection.ts";

export interface DatabaseGrant {
  /** null for PUBLIC. */
  role: string | null;
  privilege: string;
  grantable: boolean;
}

/** What belongs to a database itself and not to what is in it: pg_dump restores none of it. */
export interface DatabaseProperties {
  owner: string;
  encoding: string;
  /** c (libc), i (ICU), b (built in). */
  provider: string;
  collate: string;
  characterType: string;
  /** Of the providers i and b. */
  locale: string | null;
  connectionLimit: number;
  comment: string | null;
  /** null: the server's default. */
  grants: DatabaseGrant[] | null;
  /** `ALTER DATABASE … SET`; with a role: `ALTER ROLE … IN DATABASE … SET`. */
  settings: { role: string | null; setting: string }[];
}

interface Row {
  database: Record<string, string | null>;
  owner: string;
  encoding: string;
  comment: string | null;
  grants: DatabaseGrant[] | null;
  settings: { role: string | null; setting: string }[];
}

/** The columns of pg_database differ by version, so the row is read as a whole. */
const propertiesQuery = `
  SELECT to_jsonb(d) - 'datacl' AS database, pg_get_userbyid(d.datdba)::text AS owner,
    pg_encoding_to_char(d.encoding) AS encoding, shobj_description(d.oid, 'pg_database') AS comment,
    CASE WHEN d.datacl IS NOT NULL THEN
      (SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.rolname, 'privilege', a.privilege_type,
          'grantable', a.is_grantable) ORDER BY r.rolname NULLS FIRST, a.privilege_type), '[]')
        FROM aclexplode(d.datacl) a LEFT JOIN pg_roles r ON r.oid = a.grantee) END AS grants,
    (SELECT coalesce(jsonb_agg(jsonb_build_object('role', r.rolname, 'setting', one)
        ORDER BY r.rolname NULLS FIRST, one), '[]')
      FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) one
        LEFT JOIN pg_roles r ON r.oid = s.setrole WHERE s.setdatabase = d.oid) AS settings
  FROM pg_database d WHERE d.datname = $1`;

/** @returns null when there is no such database */
export async function readProperties(
  client: Client,
  database: string,
): Promise<DatabaseProperties | null> {
  const [row] = (await client.query<Row>(propertiesQuery, [database])).rows;
  if (row === undefined) return null;
  const of = (name: string): string | null => row.database[name] ?? null;
  return {
    owner: row.owner,
    encoding: row.encoding,
    provider: of("datlocprovider") ?? "c",
    collate: of("datcollate") ?? "C",
    characterType: of("datctype") ?? "C",
    locale: of("datlocale") ?? of("daticulocale"),
    connectionLimit: Number(of("datconnlimit")),
    comment: row.comment,
    grants: row.grants,
    settings: row.settings,
  };
}

/** https://www.postgresql.org/docs/current/sql-createdatabase.html */
export function createDatabaseStatement(name: string, properties: DatabaseProperties): string {
  const { encoding, provider, collate, characterType, locale } = properties;
  const clauses = [
    "TEMPLATE template0",
    `ENCODING ${quoteLiteral(encoding)}`,
    `LC_COLLATE ${quoteLiteral(collate)}`,
    `LC_CTYPE ${quoteLiteral(characterType)}`,
  ];
  if (provider === "i") clauses.push("LOCALE_PROVIDER icu");
  if (provider === "i" && locale !== null) clauses.push(`ICU_LOCALE ${quoteLiteral(locale)}`);
  if (provider === "b") clauses.push("LOCALE_PROVIDER builtin");
  if (provider === "b" && locale !== null) clauses.push(`BUILTIN_LOCALE ${quoteLiteral(locale)}`);
  return `CREATE DATABASE ${quoteIdentifier(name)} ${clauses.join(" ")}`;
}

/** The statements that give the database `name` these properties; each stands alone. */
export function propertyStatements(name: string, properties: DatabaseProperties): string[] {
  const database = quoteIdentifier(name);
  const { owner, connectionLimit, comment, grants, settings } = properties;
  const statements = [`ALTER DATABASE ${database} OWNER TO ${quoteIdentifier(owner)}`];
  if (connectionLimit >= 0) {
    statements.push(`ALTER DATABASE ${database} CONNECTION LIMIT ${connectionLimit}`);
  }
  if (comment !== null) {
    statements.push(`COMMENT ON DATABASE ${database} IS ${quoteLiteral(comment)}`);
  }
  for (const { role, setting } of settings) {
    const subject =
      role === null
        ? `DATABASE ${database}`
        : `ROLE ${quoteIdentifier(role)} IN DATABASE ${database}`;
    statements.push(`ALTER ${subject} SET ${settingClause(setting)}`);
  }
  if (grants !== null) statements.push(...grantStatements(database, owner, grants));
  return statements;
}

function grantStatements(database: string, owner: string, grants: DatabaseGrant[]): string[] {
  const to = (role: string | null): string => (role === null ? "PUBLIC" : quoteIdentifier(role));
  return [
    `REVOKE ALL ON DATABASE ${database} FROM PUBLIC`,
    `REVOKE ALL ON DATABASE ${database} FROM ${quoteIdentifier(owner)}`,
    ...grants.map(
      ({ role, privilege, grantable }) =>
        `GRANT ${privilege} ON DATABASE ${database} TO ${to(role)}${grantable ? " WITH GRANT OPTION" : ""}`,
    ),
  ];
}

/** Settings whose value is a list of names that are quoted one by one (GUC_LIST_QUOTE). */
const lists =
  /^(search_path|temp_tablespaces|unix_socket_directories|(local|session|shared)_preload_libraries)$/i;

/** `work_mem TO '8MB'` of `work_mem=8MB`. */
export function settingClause(setting: string): string {
  const at = setting.indexOf("=");
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  const quoted = name.split(".").map(quoteIdentifier).join(".");
  if (!lists.test(name)) return `${quoted} TO ${quoteLiteral(value)}`;
  const items = [...value.matchAll(/"((?:[^"]|"")*)"|([^\s,"]+)/g)].map(([, inside, bare]) =>
    quoteLiteral(inside?.replaceAll('""', '"') ?? bare ?? ""),
  );
  return `${quoted} TO ${items.length === 0 ? "''" : items.join(", ")}`;
}
