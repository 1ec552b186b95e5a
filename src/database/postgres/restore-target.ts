import type { Client } from "pg";
import { StudioError, exitCodes, reasonOf } from "../../errors.ts";
import type { PostgresDumpRecord } from "./dump-record.ts";
import { dropDatabase, mayNotCreate } from "./maintenance.ts";
import {
  type DatabaseProperties,
  createDatabaseStatement,
  propertyStatements,
  readProperties,
} from "./properties.ts";
import type { ServerFacts } from "./server.ts";

/** What a restore can and cannot keep on this server. */
export interface RestorePlan {
  /** Owners and grants are restored; else everything belongs to the user who restores. */
  keepOwners: boolean;
  notes: string[];
}

/**
 * Checks that the server can take the dump, before anything is created.
 * @throws StudioError (exit 8) for an older server, a missing extension, a user without the right
 */
export async function checkServer(
  client: Client,
  server: ServerFacts,
  record: PostgresDumpRecord,
): Promise<RestorePlan> {
  if (server.major < record.serverMajor) throw serverTooOld(server, record);
  if (!server.mayCreateDatabases) throw mayNotCreate(server);
  const missing = await missingExtensions(client, record);
  if (missing.length > 0) throw extensionsMissing(missing, server);
  const { rows } = await client.query<{ rolname: string }>("SELECT rolname::text FROM pg_roles");
  const known = new Set(rows.map(({ rolname }) => rolname));
  const absent = record.roles.filter((role) => !known.has(role));
  if (absent.length > 0) {
    const list = absent.join(", ");
    const note = `The server has no role ${list}: owners and grants are not restored, and everything belongs to ${server.user}.`;
    return { keepOwners: false, notes: [note] };
  }
  const foreign = record.roles.some((role) => role !== server.user);
  if (foreign && !server.isSuperuser) {
    const note = `${server.user} is no superuser: owners and grants are not restored, and everything belongs to it.`;
    return { keepOwners: false, notes: [note] };
  }
  return { keepOwners: true, notes: [] };
}

async function missingExtensions(client: Client, record: PostgresDumpRecord): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT name::text FROM pg_available_extensions",
  );
  const available = new Set(rows.map(({ name }) => name));
  return record.extensions.map(({ name }) => name).filter((name) => !available.has(name));
}

/**
 * Creates the empty database, with the encoding and the locale of the dump.
 * @param existing of the database that it will replace: its other properties win over the dump's
 * @returns the properties that could not be set, in sentences
 */
export async function createTarget(
  client: Client,
  name: string,
  record: PostgresDumpRecord,
  replaces: string | null,
): Promise<string[]> {
  const live = replaces === null ? null : await readProperties(client, replaces);
  const { encoding, provider, collate, characterType, locale } = record.properties;
  const properties: DatabaseProperties = {
    ...(live ?? record.properties),
    encoding,
    provider,
    collate,
    characterType,
    locale,
  };
  // What an earlier, interrupted restore of the same id left is not worth keeping.
  await dropDatabase(client, name);
  await client.query(createDatabaseStatement(name, properties));
  const notes: string[] = [];
  for (const statement of propertyStatements(name, properties)) {
    try {
      await client.query(statement);
    } catch (error) {
      notes.push(`A property of the database was not set (${reasonOf(error)}): ${statement}.`);
    }
  }
  return notes;
}

function serverTooOld(server: ServerFacts, record: PostgresDumpRecord): StudioError {
  return new StudioError({
    code: "database.serverTooOld",
    message: `The dump is of PostgreSQL ${record.serverMajor}, and the server is of version ${server.major}, which cannot take it.`,
    hint: `Restore it into a server of version ${record.serverMajor} or newer.`,
    exitCode: exitCodes.unavailable,
  });
}

function extensionsMissing(names: string[], server: ServerFacts): StudioError {
  return new StudioError({
    code: "database.extensionMissing",
    message: `The database uses ${names.join(", ")}, which the server does not have.`,
    hint: `Install the extension on the server's machine, as apt-get install postgresql-${server.major}-NAME.`,
    exitCode: exitCodes.unavailable,
    details: { extensions: names },
  });
}
