import type { Client } from "pg";
import { liftLimits, readServer } from "./server.ts";
import { explainRefusal } from "./table-refusal.ts";

export const defaultLockWait = 30_000;

/** Runs `work` in one transaction; what refuses the rows becomes a `StudioError`. */
export async function inTransaction<T>(
  client: Client,
  options: { lockWait?: number; signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const { major } = await readServer(client);
  await client.query("BEGIN");
  await liftLimits(client, major, options.lockWait ?? defaultLockWait);
  try {
    const result = await work();
    options.signal?.throwIfAborted();
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // The connection may be gone, which undoes the transaction as well.
    await client.query("ROLLBACK").catch(() => {});
    throw explainRefusal(error) ?? error;
  }
}
