import type { Client } from "pg";

export interface ServerFacts {
  /** `15.18 (Debian 15.18-0+deb12u1)` */
  version: string;
  major: number;
  user: string;
  isSuperuser: boolean;
  mayCreateDatabases: boolean;
}

export async function readServer(client: Client): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(`
    SELECT current_setting('server_version') AS version,
      current_setting('server_version_num')::int / 10000 AS major,
      rolname::text AS "user", rolsuper AS "isSuperuser",
      rolsuper OR rolcreatedb AS "mayCreateDatabases"
    FROM pg_roles WHERE rolname = current_user`);
  const [facts] = rows;
  if (facts === undefined) throw new Error("The server does not know its own user.");
  return facts;
}

/**
 * Lifts the limits that the server sets on long transactions for this transaction; `lockWait` (in
 * milliseconds) is how long one lock is waited for.
 */
export async function liftLimits(client: Client, major: number, lockWait: number): Promise<void> {
  const names = ["statement_timeout", "idle_in_transaction_session_timeout"];
  if (major >= 17) names.push("transaction_timeout");
  for (const name of names) await client.query(`SET LOCAL ${name} = 0`);
  await client.query(`SET LOCAL lock_timeout = ${Math.round(lockWait)}`);
  // With row security on, the rows that are hidden from this user would be left out silently.
  await client.query("SET LOCAL row_security = off");
}
