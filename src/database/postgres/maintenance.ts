import type { Client } from "pg";
import { StudioError, exitCodes, systemCode } from "../../errors.ts";
import type { DatabaseAddress } from "../address.ts";
import { databaseFailure } from "../session-failure.ts";
import { closeQuietly, connectPostgres, quoteIdentifier, siblingDatabase } from "./connection.ts";
import { type ServerFacts, readServer } from "./server.ts";

/**
 * Runs `work` on a connection to another database of the server than `name`: a database cannot be
 * renamed or dropped from within.
 */
export async function withMaintenance<T>(
  address: DatabaseAddress,
  name: string,
  work: (client: Client, server: ServerFacts) => Promise<T>,
): Promise<T> {
  const client = await connectMaintenance(address, name);
  try {
    return await work(client, await readServer(client));
  } catch (error) {
    throw databaseFailure(address, error) ?? error;
  } finally {
    await closeQuietly(client);
  }
}

/** The databases that every server has, unless an operator removed them. */
const always = ["postgres", "template1"];

export async function connectMaintenance(address: DatabaseAddress, name: string): Promise<Client> {
  let failure: unknown;
  for (const database of always.filter((one) => one !== name)) {
    try {
      return await connectPostgres(siblingDatabase(address, database));
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

export async function databaseExists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query("SELECT FROM pg_database WHERE datname = $1", [name]);
  return rows.length > 0;
}

/** Ends the connections of a database and drops it; does nothing where there is none. */
export async function dropDatabase(client: Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await endConnections(client, name);
    try {
      await client.query(`DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`);
      return;
    } catch (error) {
      // object_in_use: somebody connected in between.
      if (systemCode(error) !== "55006" || attempt >= 5) throw error;
    }
  }
}

/**
 * Ends the sessions of users; the server's own processes make way by themselves.
 * @returns how many connections were told to end
 */
export async function endConnections(client: Client, name: string): Promise<number> {
  const { rows } = await client.query<{ ended: boolean }>(
    `SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity
     WHERE datname = $1 AND pid <> pg_backend_pid()
       AND usesysid IS NOT NULL`,
    [name],
  );
  return rows.filter(({ ended }) => ended).length;
}

export function mayNotCreate(server: ServerFacts): StudioError {
  return new StudioError({
    code: "database.notAllowed",
    message: `The user ${server.user} may not create databases, and a restore fills a new one first.`,
    hint: `As a superuser: ALTER ROLE ${quoteIdentifier(server.user)} CREATEDB;`,
    exitCode: exitCodes.unavailable,
  });
}
