import { createHash } from "node:crypto";
import type { RowDataPacket } from "mysql2";
import type { DatabaseAddress } from "../database/address.ts";
import { mysqlConnection } from "../database/client.ts";
import type { Migrator } from "./journal.ts";
import type { LockConnection } from "./lock.ts";
import { sessionName } from "./session-name.ts";

/**
 * The lock of a MySQL or MariaDB database: a named lock on a connection of its own, which the
 * server frees when the connection ends. Names are the whole server's, so that of the database is
 * part of it. https://dev.mysql.com/doc/refman/8.4/en/locking-functions.html
 */
export async function openMysqlLock(
  database: DatabaseAddress,
  who: Migrator,
): Promise<LockConnection> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection({
    ...mysqlConnection(database),
    connectAttributes: { program_name: sessionName(who, "migrate") },
  });
  let lost = false;
  // Without a listener, a server that goes away would end the process.
  connection.on("error", () => {
    lost = true;
  });
  const ask = async (text: string, values: unknown[]): Promise<unknown> => {
    const [rows] = await connection.query<RowDataPacket[]>(text, values);
    return rows[0]?.["answer"] ?? null;
  };
  const name = lockName(String(await ask("SELECT DATABASE() AS answer", [])));
  return {
    tryAcquire: async () => (await ask("SELECT GET_LOCK(?, 0) AS answer", [name])) === 1,
    holder: async () => (await ask(holderQuery, [name])) as string | null,
    isHeld: async () => !lost && (await ask(heldQuery, [name]).catch(() => 0)) === 1,
    cancel: async (session) => {
      if (!lost) await connection.query("KILL QUERY ?", [session]);
    },
    close: () => connection.end(),
  };
}

/** At most 64 characters, whatever the name of the database. */
function lockName(database: string): string {
  return `studio migrate ${createHash("sha256").update(database).digest("hex").slice(0, 32)}`;
}

const holderQuery = `
  SELECT CONCAT(user, '@', host, ' (connection ', id, ')') AS answer
  FROM information_schema.processlist WHERE id = IS_USED_LOCK(?)`;

const heldQuery = "SELECT IS_USED_LOCK(?) = CONNECTION_ID() AS answer";
