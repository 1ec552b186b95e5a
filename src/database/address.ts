import { isAbsolute, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type StudioError, usageError } from "../errors.ts";

export type Dialect = "sqlite" | "postgres" | "mysql";

export interface DatabaseAddress {
  dialect: Dialect;
  /** Absolute path of the SQLite file; null for a server. */
  file: string | null;
  /** The URL as given; holds the password, so it is never printed. */
  url: string;
}

/**
 * Reads a database URL: `sqlite:relative/or/absolute/path`, `file:///path`, `postgres://…`,
 * `postgresql://…`, `mysql://…`. Relative SQLite paths start at `directory`.
 * @throws StudioError (exit 2) that names the setting; the text itself may hold a password
 */
export function parseDatabaseUrl(url: string, directory: string): DatabaseAddress {
  const scheme = /^([a-z][a-z0-9+]*):/i.exec(url)?.[1]?.toLowerCase().split("+")[0];
  if (scheme === "postgres" || scheme === "postgresql") {
    return serverAddress("postgres", url.replace(/^[^:]+:/, "postgres:"));
  }
  if (scheme === "mysql" || scheme === "mariadb") return serverAddress("mysql", url);
  if (scheme === "sqlite") return sqliteAddress(url.replace(/^[^:]+:(\/\/)?/, ""), directory);
  if (scheme === "file") return sqliteAddress(pathOf(url), directory);
  throw usageError(
    `database.url (or DATABASE_URL) has ${scheme === undefined ? "no scheme" : `the scheme "${scheme}", which studio does not know`}.`,
    "Use sqlite:PATH, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME.",
  );
}

function sqliteAddress(path: string, directory: string): DatabaseAddress {
  const file = isAbsolute(path) ? path : resolve(directory, path);
  return { dialect: "sqlite", file, url: `sqlite:${file}` };
}

function serverAddress(dialect: "postgres" | "mysql", url: string): DatabaseAddress {
  if (readServerUrl(url) === null) throw unreadableUrl();
  return { dialect, file: null, url };
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw usageError(
      "database.url (or DATABASE_URL) cannot be read as a file: URL.",
      "Write file:///ABSOLUTE/PATH, or sqlite:PATH.",
    );
  }
}

/** As the driver reads it: without a host (`postgres://user@/name?host=/run`) it is a socket's. */
function readServerUrl(url: string): URL | null {
  return URL.parse(url) ?? URL.parse(url.replace("@/", "@localhost/"));
}

/** The error of Node.js carries the whole text, and with it the password: it goes no further. */
export function unreadableUrl(): StudioError {
  return usageError(
    "database.url (or DATABASE_URL) cannot be read as a URL.",
    "Write special characters of the user and the password in percent form: %23 for #, %2F for /, %40 for @.",
  );
}

/** The address for people: no user, no password, no query. */
export function describeDatabase(address: DatabaseAddress): string {
  if (address.file !== null) return `SQLite ${address.file}`;
  const name = address.dialect === "postgres" ? "PostgreSQL" : "MySQL";
  const parsed = readServerUrl(address.url);
  if (parsed === null) return name;
  const { hostname, port, pathname } = parsed;
  return `${name} ${hostname}${port === "" ? "" : `:${port}`}${pathname}`;
}
