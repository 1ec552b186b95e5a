import { join } from "node:path";
import type { Connection, RowDataPacket } from "mysql2/promise";
import type { DatabaseAddress } from "../../../database/address.ts";
import { besideName, readBesideName } from "../../../database/beside-name.ts";
import { mysqlConnection } from "../../../database/client.ts";
import { structureFiles } from "../../../database/mysql/dump-record.ts";
import { commonArguments, dumpStructure } from "../../../database/mysql/dump-structure.ts";
import { mysqlDatabase } from "../../../database/mysql/options-file.ts";
import { loadActive } from "../../../database/mysql/restore.ts";
import { type MysqlSchema, readSchema } from "../../../database/mysql/schema-facts.ts";
import { type MysqlSession, quoteName, withMysql } from "../../../database/mysql/session.ts";
import { StudioError, exitCodes, reasonOf } from "../../../errors.ts";
import { createIdentifier } from "../../../identifier.ts";
import type { Clone, CloneContents } from "../clone.ts";
import type { CloneInput } from "../rehearsal-input.ts";
import { cloneMeans, requireRoom, withScratchFolder } from "../scratch-folder.ts";
import { dropReachingBack } from "./reaching-back.ts";
import { largeTables } from "./table-sizes.ts";

const defaultLargest = 1024 ** 3;

/**
 * Copies a database on the same server, by a dump and its loading. The copy lives as long as a
 * connection of this process, which holds a lock with its name.
 */
export async function cloneMysql(input: CloneInput, contents: CloneContents): Promise<Clone> {
  const { database: address } = input;
  const live = mysqlDatabase(address);
  const owner = await connect(address);
  try {
    await dropLeftOvers(owner, live);
    const id = createIdentifier((input.now ?? (() => new Date()))());
    const name = besideName(live, "rehearsal", id);
    await tryLock(owner, name);
    const filled = await fill(input, owner, { live, name, contents });
    return {
      address: siblingOf(address, name),
      ...filled,
      remove: () => remove(address, owner, name),
    };
  } catch (error) {
    await owner.end().catch(() => {});
    throw error;
  }
}

export async function connect(address: DatabaseAddress): Promise<Connection> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection(mysqlConnection(address));
  // Without a listener, a server that goes away would end the process.
  connection.on("error", () => {});
  return connection;
}

async function tryLock(connection: Connection, name: string): Promise<boolean> {
  const [rows] = await connection.query<RowDataPacket[]>("SELECT GET_LOCK(?, 0) AS answer", [name]);
  return rows[0]?.["answer"] === 1;
}

/** Drops the copies of processes that are no more. */
async function dropLeftOvers(connection: Connection, live: string): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>(
    "SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA",
  );
  for (const row of rows) {
    const name = String(row["name"]);
    const beside = readBesideName(name);
    if (beside?.purpose !== "rehearsal") continue;
    if (besideName(live, "rehearsal", beside.id) !== name) continue;
    if (!(await tryLock(connection, name))) continue;
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
    await connection.query("DO RELEASE_LOCK(?)", [name]);
  }
}

interface Copy {
  live: string;
  name: string;
  contents: CloneContents;
}

async function fill(
  input: CloneInput,
  owner: Connection,
  copy: Copy,
): Promise<Pick<Clone, "notes" | "emptyTables">> {
  const means = cloneMeans(input);
  const lockWait = Math.max(1, Math.ceil(input.lockTimeout / 1000));
  const { database: address, signal } = input;
  return withScratchFolder(means, async (scratch) => {
    const options = { address, env: means.env, scratch, lockWait, signal };
    try {
      return await withMysql(options, async (session) => {
        const schema = await readSchema(session, copy.live);
        if (schema === null) throw noSuchDatabase(copy.live);
        const { characterSet, collation } = schema;
        await session.query(
          `CREATE DATABASE ${quoteName(copy.name)} CHARACTER SET ${characterSet} COLLATE ${collation};`,
        );
        if (copy.contents === "nothing") return { notes: [], emptyTables: [] };
        const limit = input.largestTable ?? defaultLargest;
        const emptyTables = await largeTables(owner, copy.live, limit);
        if (schema.bytes > 0) await requireRoom(scratch, schema.bytes);
        means.say?.(`Copying ${schema.tables.length} tables into ${copy.name}.`);
        await copyAll(session, schema, copy, { scratch, emptyTables });
        const cut = await dropReachingBack(owner, copy);
        const empty = emptyTables.map(
          (table) => `${table} was copied without its rows: it is larger than ${limit} bytes.`,
        );
        return { notes: [...empty, ...cut], emptyTables };
      });
    } catch (error) {
      await owner.query(`DROP DATABASE IF EXISTS ${quoteName(copy.name)}`).catch(() => {});
      throw error;
    }
  });
}

/** Without events, which would run by themselves. */
async function copyAll(
  session: MysqlSession,
  schema: MysqlSchema,
  { live, name }: Copy,
  { scratch, emptyTables }: { scratch: string; emptyTables: readonly string[] },
): Promise<void> {
  await dumpStructure(session, schema, live, scratch, "");
  await session.load(join(scratch, structureFiles.tables), name);
  const rows = join(scratch, "rows.sql");
  const argv = [
    ...commonArguments(session.programs.dump),
    "--single-transaction",
    "--no-create-info",
    "--skip-triggers",
    "--skip-add-locks",
    "--no-autocommit",
    ...[...emptyTables, ...schema.views].map((table) => `--ignore-table=${live}.${table}`),
    "--",
    live,
  ];
  await session.dump(argv, rows);
  await session.load(rows, name);
  await loadActive(session, scratch, name);
}

function siblingOf(address: DatabaseAddress, name: string): DatabaseAddress {
  const url = new URL(address.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  return { ...address, url: url.toString() };
}

async function remove(
  address: DatabaseAddress,
  owner: Connection,
  name: string,
): Promise<string | null> {
  try {
    // On a connection of its own: the owner's may be what failed.
    const connection = await connect(address);
    await connection.query(`DROP DATABASE IF EXISTS ${quoteName(name)}`);
    await connection.end();
    return null;
  } catch (error) {
    return `The copy ${name} could not be dropped (${reasonOf(error)}): the next rehearsal drops it.`;
  } finally {
    await owner.end().catch(() => {});
  }
}

function noSuchDatabase(name: string): StudioError {
  return new StudioError({
    code: "database.unavailable",
    message: `The server has no database ${name}, or hides it from this user.`,
    hint: "Create the database, or correct the name in the database URL.",
    exitCode: exitCodes.unavailable,
  });
}
