import type { Client } from "pg";
import { besideName, readBesideName } from "../../../database/beside-name.ts";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import {
  closeQuietly,
  databaseName,
  quoteIdentifier,
  siblingDatabase,
  withPostgres,
} from "../../../database/postgres/connection.ts";
import { dumpPostgres } from "../../../database/postgres/dump.ts";
import { hostPostgresPrograms } from "../../../database/postgres/host-programs.ts";
import {
  connectMaintenance,
  dropDatabase,
  withMaintenance,
} from "../../../database/postgres/maintenance.ts";
import {
  createDatabaseStatement,
  propertyStatements,
  readProperties,
} from "../../../database/postgres/properties.ts";
import { fillDatabase } from "../../../database/postgres/restore.ts";
import { readServer } from "../../../database/postgres/server.ts";
import { StudioError, exitCodes, reasonOf } from "../../../errors.ts";
import { createIdentifier } from "../../../identifier.ts";
import type { Clone, CloneContents } from "../clone.ts";
import type { CloneInput } from "../rehearsal-input.ts";
import { cloneMeans, requireRoom, withScratchFolder } from "../scratch-folder.ts";

/** "STUR" in ASCII: with the hash of its name, the advisory lock of a copy. */
const ownerKey = 0x53545552;

/**
 * Copies a database on the same server, by a dump and a restore: a copy by CREATE DATABASE …
 * TEMPLATE keeps everybody out of the original. The copy lives as long as a connection of this
 * process, which holds a lock with its name.
 */
export async function clonePostgres(input: CloneInput, contents: CloneContents): Promise<Clone> {
  const { database: address } = input;
  const live = await databaseName(address);
  const owner = await connectMaintenance(address, live);
  try {
    const server = await readServer(owner);
    if (!server.mayCreateDatabases) throw mayNotCreate(server.user);
    await dropLeftOvers(owner, live);
    const id = createIdentifier((input.now ?? (() => new Date()))());
    const name = besideName(live, "rehearsal", id);
    await owner.query("SELECT pg_advisory_lock($1, hashtext($2))", [ownerKey, name]);
    const notes =
      contents === "nothing"
        ? await createEmpty(owner, live, name)
        : await copyEverything(input, live, name);
    await cutForeignServers(input, name);
    return {
      address: siblingDatabase(address, name),
      notes,
      emptyTables: [],
      remove: () => remove(input, owner, name),
    };
  } catch (error) {
    await closeQuietly(owner);
    throw error;
  }
}

/** Drops the copies of processes that are no more. */
async function dropLeftOvers(client: Client, live: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT datname::text AS name FROM pg_database WHERE NOT datistemplate",
  );
  for (const { name } of rows) {
    const beside = readBesideName(name);
    if (beside?.purpose !== "rehearsal") continue;
    if (besideName(live, "rehearsal", beside.id) !== name) continue;
    const keys = [ownerKey, name];
    const { rows: answers } = await client.query<{ free: boolean }>(
      "SELECT pg_try_advisory_lock($1, hashtext($2)) AS free",
      keys,
    );
    if (answers[0]?.free !== true) continue;
    await dropDatabase(client, name);
    await client.query("SELECT pg_advisory_unlock($1, hashtext($2))", keys);
  }
}

async function createEmpty(client: Client, live: string, name: string): Promise<string[]> {
  const properties = await readProperties(client, live);
  if (properties === null) throw new Error(`there is no database ${live}`);
  await client.query(createDatabaseStatement(name, properties));
  const notes: string[] = [];
  for (const statement of propertyStatements(name, properties)) {
    try {
      await client.query(statement);
    } catch (error) {
      notes.push(`A property of the copy was not set (${reasonOf(error)}): ${statement}.`);
    }
  }
  return notes;
}

async function copyEverything(input: CloneInput, live: string, name: string): Promise<string[]> {
  const { database: address, signal } = input;
  const means = cloneMeans(input);
  const programs = hostPostgresPrograms({ env: means.env });
  const jobs = Math.min(4, availableParallelism());
  return withScratchFolder(means, async (folder) => {
    await requireRoom(folder, await sizeOf(input));
    const from = join(folder, "dump");
    const say = means.say ?? (() => {});
    const common = { address, programs, jobs, signal, say };
    const dump = await dumpPostgres({ ...common, into: from, lockWait: input.lockTimeout });
    const target = { name, replaces: live, analyze: true };
    const filled = await fillDatabase({ ...common, from }, target);
    return [...dump.warnings, ...filled.notes];
  });
}

async function sizeOf({ database }: CloneInput): Promise<number> {
  return withPostgres(database, async (client) => {
    const query = "SELECT pg_database_size(current_database())::text AS bytes";
    const { rows } = await client.query<{ bytes: string }>(query);
    return Number(rows[0]?.bytes ?? 0);
  });
}

/** Foreign tables lead to other servers, where nothing is a copy: without a login they do not. */
async function cutForeignServers({ database }: CloneInput, name: string): Promise<void> {
  await withPostgres(siblingDatabase(database, name), async (client) => {
    const { rows } = await client.query<{ server: string; user: string }>(
      "SELECT srvname::text AS server, usename::text AS user FROM pg_user_mappings",
    );
    for (const { server, user } of rows) {
      const login = user === "public" ? "PUBLIC" : quoteIdentifier(user);
      await client.query(`DROP USER MAPPING FOR ${login} SERVER ${quoteIdentifier(server)}`);
    }
  });
}

async function remove(
  { database }: CloneInput,
  owner: Client,
  name: string,
): Promise<string | null> {
  try {
    // On a connection of its own: the owner's may be what failed.
    await withMaintenance(database, name, (client) => dropDatabase(client, name));
    return null;
  } catch (error) {
    return `The copy ${name} could not be dropped (${reasonOf(error)}): the next rehearsal drops it.`;
  } finally {
    await closeQuietly(owner);
  }
}

function mayNotCreate(user: string): StudioError {
  return new StudioError({
    code: "database.notAllowed",
    message: `The user ${user} may not create databases, and a copy is one.`,
    hint: `As a superuser: ALTER ROLE ${quoteIdentifier(user)} CREATEDB; or rehearse in a transaction: --on transaction.`,
    exitCode: exitCodes.unavailable,
  });
}
