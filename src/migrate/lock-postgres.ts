import type { DatabaseAddress } from "../database/address.ts";
import { postgresConnection } from "../database/client.ts";
import type { Migrator } from "./journal.ts";
import type { LockConnection } from "./lock.ts";
import { sessionName } from "./session-name.ts";
import { refusePooler } from "./refuse-pooler.ts";

/** "STUD" and "MIGR" in ASCII: the advisory lock's two keys, one lock per database. */
const keys = [0x53545544, 0x4d494752];

/**
 * The lock of a PostgreSQL database: a session-level advisory lock on a connection of its own,
 * which the server frees when the connection ends.
 * https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */
export async function openPostgresLock(
  database: DatabaseAddress,
  who: Migrator,
): Promise<LockConnection> {
  const { default: pg } = await import("pg");
  const name = sessionName(who, "migrate");
  const connect = async (onLost = () => {}) => {
    const one = new pg.Client(postgresConnection(database, name));
    // Without a listener, a server that goes away would end the process.
    one.on("error", onLost);
    await one.connect();
    return one;
  };
  let lost = false;
  const client = await connect(() => {
    lost = true;
  });
  try {
    await refusePooler(client, connect);
  } catch (error) {
    await client.end();
    throw error;
  }
  const ask = async (text: string, values: unknown[]) =>
    (await client.query<{ answer: unknown }>(text, values)).rows[0]?.answer ?? null;
  return {
    tryAcquire: async () =>
      (await ask("SELECT pg_try_advisory_lock($1, $2) AS answer", keys)) === true,
    holder: async () => (await ask(holderQuery, keys)) as string | null,
    isHeld: async () => !lost && (await ask(heldQuery, keys).catch(() => false)) === true,
    cancel: async (session) => {
      if (!lost) await ask("SELECT pg_cancel_backend($1) AS answer", [session]);
    },
    close: () => client.end(),
  };
}

const lockRow = `locktype = 'advisory' AND granted AND objsubid = 2
  AND classid = $1::bigint::oid AND objid = $2::bigint::oid
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

const holderQuery = `
  SELECT coalesce(nullif(application_name, ''), 'a client') || ' (server process ' || pid
    || ') since ' || to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
    AS answer
  FROM pg_stat_activity WHERE pid = (SELECT pid FROM pg_locks WHERE ${lockRow})`;

const heldQuery = `
  SELECT count(*) > 0 AS answer FROM pg_locks WHERE ${lockRow} AND pid = pg_backend_pid()`;
