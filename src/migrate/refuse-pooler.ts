import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "pg";
import { StudioError, exitCodes } from "../errors.ts";

/** How long an answer may take while another connection is in a transaction, in milliseconds. */
const patience = 2000;

/**
 * Refuses a connection that does not keep its session of the server, as behind PgBouncer in
 * transaction mode: the lock would be taken in a session that the next statement does not see, and
 * that others are given. It shows in that statements of one connection are answered by different
 * processes of the server, or those of two connections by one.
 * @param connect opens another connection in the same way
 */
export async function refusePooler(client: Client, connect: () => Promise<Client>): Promise<void> {
  const first = await processOf(client);
  const other = await connect();
  try {
    const [again, others] = [await processOf(client), await processOf(other)];
    if (first !== again || others === first) throw pooled();
    await other.query("BEGIN");
    await processOf(other);
    // A pool of one connection lets this one wait until the transaction is over.
    const last = await Promise.race([processOf(client), sleep(patience, null, { ref: false })]);
    if (last !== first) throw pooled();
  } finally {
    await other.end();
  }
}

async function processOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  return rows[0]?.pid ?? 0;
}

function pooled(): StudioError {
  return new StudioError({
    code: "database.pooled",
    message:
      "The database URL leads to a connection pooler that gives each transaction another session " +
      "of the server (PgBouncer with pool_mode = transaction or statement). The migration lock " +
      "belongs to a session, so two processes could migrate at once. Nothing was changed.",
    hint: "Give the address of the database itself, or of a pool with pool_mode = session: --database-url-file FILE, or DATABASE_URL.",
    exitCode: exitCodes.usage,
  });
}
