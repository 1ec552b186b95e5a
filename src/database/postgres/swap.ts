import type { Client } from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import { StudioError, exitCodes, systemCode, usageError } from "../../errors.ts";
import type { DatabaseAddress } from "../address.ts";
import { closeQuietly, quoteIdentifier } from "./connection.ts";
import {
  connectMaintenance,
  databaseExists,
  dropDatabase,
  endConnections,
  withMaintenance,
} from "./maintenance.ts";
import { type Purpose, besideName, readBesideName } from "../beside-name.ts";

export interface Exchange {
  address: DatabaseAddress;
  /** The name that the application uses. */
  database: string;
  /** Of the restore. */
  id: string;
}

/** How far an exchange is, told by which names exist: after a crash, this is what counts. */
export type ExchangeState = "untouched" | "filled" | "exchanged" | "unclear";

/**
 * Puts a filled database in the place of the live one, which is kept as
 * `<name>_studio_before_<id>`. Both renames are one transaction: other sessions see the one
 * database or the other, never none. Connections to either are ended, and new ones wait for the
 * transaction. Does nothing when it is done already.
 * @returns how the replaced database is called now; null when there was none
 */
export async function exchangeDatabases(exchange: Exchange): Promise<string | null> {
  const { database, id } = exchange;
  const filled = besideName(database, "restore", id);
  const kept = besideName(database, "before", id);
  return withMaintenance(exchange.address, database, async (client) => {
    if (await databaseExists(client, filled)) {
      const hasLive = await databaseExists(client, database);
      const renames: Rename[] = hasLive ? [{ from: database, to: kept }] : [];
      await renameTogether(exchange, [...renames, { from: filled, to: database }]);
      return hasLive ? kept : null;
    }
    if (!(await databaseExists(client, database))) throw nothingToExchange(filled);
    return (await databaseExists(client, kept)) ? kept : null;
  });
}

/**
 * Puts the database back that an exchange replaced; the restored one gets its name of before.
 * Does nothing when there is nothing to undo.
 */
export async function undoExchange(exchange: Exchange): Promise<void> {
  const { database, id } = exchange;
  const filled = besideName(database, "restore", id);
  const kept = besideName(database, "before", id);
  await withMaintenance(exchange.address, database, async (client) => {
    if (!(await databaseExists(client, kept))) return;
    const renames: Rename[] = [{ from: kept, to: database }];
    if (await databaseExists(client, database)) renames.unshift({ from: database, to: filled });
    await renameTogether(exchange, renames);
  });
}

export async function exchangeState(exchange: Exchange): Promise<ExchangeState> {
  const { database, id } = exchange;
  return withMaintenance(exchange.address, database, async (client) => {
    const live = await databaseExists(client, database);
    const filled = await databaseExists(client, besideName(database, "restore", id));
    const kept = await databaseExists(client, besideName(database, "before", id));
    if (kept) return live && !filled ? "exchanged" : "unclear";
    return filled ? "filled" : "untouched";
  });
}

/** Drops the database that an exchange replaced: it cannot be undone after this. */
export function dropKept({ address, database, id }: Exchange): Promise<void> {
  return withMaintenance(address, database, (client) =>
    dropDatabase(client, besideName(database, "before", id)),
  );
}

/** Drops what a restore filled and never put in place, or what undoing it put aside. */
export function dropFilled({ address, database, id }: Exchange): Promise<void> {
  return withMaintenance(address, database, (client) =>
    dropDatabase(client, besideName(database, "restore", id)),
  );
}

export interface LeftDatabase {
  name: string;
  purpose: Purpose;
  /** Of the restore or the rehearsal that made it. */
  id: string;
  bytes: number;
}

/** What restores and rehearsals have left on this server: kept ones, and those of broken runs. */
export function listLeftDatabases(address: DatabaseAddress): Promise<LeftDatabase[]> {
  return withMaintenance(address, "", async (client) => {
    const { rows } = await client.query<{ name: string; bytes: string }>(
      `SELECT datname::text AS name, pg_database_size(oid) AS bytes FROM pg_database
       WHERE datname ~ '_studio_(restore|before|drill|rehearsal)_' ORDER BY datname`,
    );
    return rows.flatMap(({ name, bytes }) => {
      const meaning = readBesideName(name);
      return meaning === null ? [] : [{ name, ...meaning, bytes: Number(bytes) }];
    });
  });
}

/** Drops one of the databases that `listLeftDatabases` tells, and no other. */
export async function dropLeftDatabase(address: DatabaseAddress, name: string): Promise<void> {
  if (readBesideName(name) === null) throw usageError(`No restore made the database ${name}.`);
  await withMaintenance(address, name, (client) => dropDatabase(client, name));
}

interface Rename {
  from: string;
  to: string;
}

/**
 * Renames databases in one transaction. The first statement locks its database, so that nobody new
 * gets in, and waits up to five seconds for those who are in; they are ended meanwhile, from a
 * second connection.
 */
async function renameTogether(exchange: Exchange, renames: Rename[]): Promise<void> {
  const { address, database } = exchange;
  const client = await connectMaintenance(address, database);
  try {
    await client.query("BEGIN");
    // Waiting for a CREATE DATABASE … TEMPLATE that copies one of them must have an end.
    await client.query("SET LOCAL lock_timeout = '30s'");
    for (const { from, to } of renames) await renameOne(client, exchange, from, to);
    await client.query("COMMIT");
  } finally {
    await closeQuietly(client);
  }
}

async function renameOne(
  client: Client,
  { address, database }: Exchange,
  from: string,
  to: string,
): Promise<void> {
  const ender = await connectMaintenance(address, database);
  let done = false;
  const ending = (async () => {
    while (!done) {
      await endConnections(ender, from);
      await sleep(20);
    }
  })();
  try {
    await Promise.race([
      client.query(`ALTER DATABASE ${quoteIdentifier(from)} RENAME TO ${quoteIdentifier(to)}`),
      // Rejects when another user's connections may not be ended.
      ending.then(() => new Promise<never>(() => {})),
    ]);
  } catch (error) {
    throw renameFailure(from, error) ?? error;
  } finally {
    done = true;
    await ending.catch(() => {});
    await closeQuietly(ender);
  }
}

function renameFailure(name: string, error: unknown): StudioError | null {
  const code = systemCode(error);
  if (code === "55006") {
    return new StudioError({
      code: "database.inUse",
      message: `The database ${name} is in use, and its connections or prepared transactions do not end.`,
      hint: "Stop what uses it (SELECT * FROM pg_stat_activity; pg_prepared_xacts), and try again.",
      exitCode: exitCodes.locked,
    });
  }
  if (code !== "42501") return null;
  return new StudioError({
    code: "database.notAllowed",
    message: `The user may not rename the database ${name}, or not end the connections of others to it.`,
    hint: "Use a superuser, or the owner of the database with CREATEDB and pg_signal_backend.",
    exitCode: exitCodes.unavailable,
  });
}

function nothingToExchange(name: string): StudioError {
  return new StudioError({
    code: "database.notRestored",
    message: `There is no database ${name} to put in place.`,
    hint: "Restore the dump first.",
    exitCode: exitCodes.usage,
  });
}
