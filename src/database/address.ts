import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { usageError } from "../errors.ts";
import type { DatabaseAddress } from "./connect.ts";

/**
 * Reads a database URL: `sqlite:relative/or/absolute/path`, `file:///path`, `postgres://…`,
 * `postgresql://…`, `mysql://…`. Relative SQLite paths start at `directory`.
 */
export function parseDatabaseUrl(url: string, directory: string): DatabaseAddress {
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase().split("+")[0];
  if (scheme === "postgres" || scheme === "postgresql") {
    return { dialect: "postgres", file: null, url: url.replace(/^[^:]+:/, "postgres:") };
  }
  if (scheme === "mysql" || scheme === "mariadb") return { dialect: "mysql", file: null, url };
  if (scheme === "sqlite") return sqliteAddress(url.replace(/^[^:]+:(\/\/)?/, ""), directory);
  if (scheme === "file") return sqliteAddress(fileURLToPath(url), directory);
  throw usageError(
    `The database URL has the scheme ${scheme === undefined ? "(none)" : `"${scheme}"`}, which studio does not know.`,
    "Use sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME.",
  );
}

function sqliteAddress(path: string, directory: string): DatabaseAddress {
  const file = isAbsolute(path) ? path : resolve(directory, path);
  return { dialect: "sqlite", file, url: `sqlite:${file}` };
}

/** The address for people: no user, no password, no query. */
export function describeDatabase(address: DatabaseAddress): string {
  if (address.file !== null) return `SQLite ${address.file}`;
  const { hostname, port, pathname } = new URL(address.url);
  const name = address.dialect === "postgres" ? "PostgreSQL" : "MySQL";
  return `${name} ${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
}
