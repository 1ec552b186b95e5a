import type { Client } from "pg";
import { StudioError, exitCodes } from "../../errors.ts";
import { type DatabaseAddress, unreadableUrl } from "../address.ts";
import { databaseFailure } from "../session-failure.ts";
import { postgresConnection } from "../client.ts";

const applicationName = "studio backup";

/** Opens one connection. A connection that breaks later makes its next query fail. */
export async function connectPostgres(address: DatabaseAddress): Promise<Client> {
  const { default: pg } = await import("pg");
  try {
    const client = new pg.Client(postgresConnection(address, applicationName));
    // Without a listener, a server that goes away would end the process.
    client.on("error", () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw databaseFailure(address, error) ?? error;
  }
}

/** Runs `work` on a connection of its own. */
export async function withPostgres<T>(
  address: DatabaseAddress,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await connectPostgres(address);
  try {
    return await work(client);
  } catch (error) {
    throw databaseFailure(address, error) ?? error;
  } finally {
    await closeQuietly(client);
  }
}

export async function closeQuietly(client: Client): Promise<void> {
  // The connection may be gone already, which is as good as closed.
  await client.end().catch(() => {});
}

/** The address of another database of the same server. */
export function siblingDatabase(address: DatabaseAddress, name: string): DatabaseAddress {
  const url = serverUrl(address);
  url.pathname = `/${encodeURIComponent(name)}`;
  // A query that names the database would win over the path.
  url.searchParams.delete("dbname");
  return { ...address, url: url.toString() };
}

/** Without a host (`postgres://user@/name?host=/run`) the query names a socket, which counts. */
function serverUrl(address: DatabaseAddress): URL {
  const url = URL.parse(address.url) ?? URL.parse(address.url.replace("@/", "@localhost/"));
  if (url === null) throw unreadableUrl();
  return url;
}

/** The name of the database that the address means. */
export async function databaseName(address: DatabaseAddress): Promise<string> {
  const { default: pg } = await import("pg");
  const { database } = new pg.Client({ connectionString: address.url });
  if (database !== undefined && database !== null && database !== "") return database;
  throw new StudioError({
    code: "database.unnamed",
    message: "The database URL names no database.",
    hint: "Add it: postgres://USER:PASSWORD@HOST/NAME.",
    exitCode: exitCodes.usage,
  });
}

/** The parameters of a URL that PostgreSQL's own programs take from a variable. */
const variables: Record<string, string> = {
  sslmode: "PGSSLMODE",
  sslrootcert: "PGSSLROOTCERT",
  sslcert: "PGSSLCERT",
  sslkey: "PGSSLKEY",
  options: "PGOPTIONS",
};

/**
 * The address as environment variables for PostgreSQL's programs. The password goes this way
 * because an argument can be read by every user of the machine, the environment of a process only
 * by its own user and root; and because a password file would stay behind after `kill -9`.
 * https://www.postgresql.org/docs/current/libpq-envars.html
 */
export async function connectionVariables(
  address: DatabaseAddress,
): Promise<Record<string, string>> {
  const { default: pg } = await import("pg");
  const { host, port, user, database, password } = new pg.Client({
    connectionString: address.url,
  });
  const result: Record<string, string> = { PGAPPNAME: applicationName, PGCONNECT_TIMEOUT: "10" };
  const known = { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database };
  for (const [name, value] of Object.entries({ ...known, PGPASSWORD: password })) {
    if (value !== undefined && value !== null && value !== "") result[name] = String(value);
  }
  const { searchParams } = serverUrl(address);
  for (const [parameter, name] of Object.entries(variables)) {
    const value = searchParams.get(parameter);
    if (value !== null) result[name] = value;
  }
  // The driver's own words for "encrypted" and "encrypted, whoever answers".
  if (/^(true|1)$/.test(searchParams.get("ssl") ?? "")) result["PGSSLMODE"] ??= "require";
  if (result["PGSSLMODE"] === "no-verify") result["PGSSLMODE"] = "require";
  return result;
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string constant that is safe whatever `standard_conforming_strings` says. */
export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll("\\", "\\\\")}'`;
  return text.includes("\\") ? ` E${quoted}` : quoted;
}

export function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}
