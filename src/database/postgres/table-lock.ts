import type { Client } from "pg";
import { setTimeout as sleep } from "node:timers/promises";
import { systemCode } from "../../errors.ts";
import { qualified } from "./connection.ts";
import { type TableShape, emptiable, referencedFirst } from "./table-shape.ts";

/**
 * Shorter than the server's `deadlock_timeout` (1 s by default): when the application holds one
 * table and waits for another, it is this restore that gives way, and not the application.
 */
const patience = 400;

/**
 * Locks tables against writing, and those that will be emptied against reading too, all or none.
 * Tables that are referred to come first, as applications tend to write; after each attempt that
 * was given up the order is turned round.
 * @param wait milliseconds in all
 * @throws the server's error 55P03 when the locks cannot be had in time
 */
export async function lockTables(
  client: Client,
  shapes: readonly TableShape[],
  wait: number,
): Promise<void> {
  const deadline = Date.now() + wait;
  const emptied = emptiable(shapes);
  await client.query("SAVEPOINT unlocked");
  for (let order = referencedFirst(shapes); ; order = order.toReversed()) {
    await client.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.min(patience, wait))}`);
    try {
      for (const shape of order) {
        const mode = emptied.has(shape) ? "ACCESS EXCLUSIVE" : "SHARE ROW EXCLUSIVE";
        await client.query(
          `LOCK TABLE ONLY ${qualified(shape.schema, shape.name)} IN ${mode} MODE`,
        );
      }
      await client.query(`SET LOCAL lock_timeout = ${Math.round(wait)}`);
      return;
    } catch (error) {
      if (systemCode(error) !== "55P03" || Date.now() > deadline) throw error;
      await client.query("ROLLBACK TO SAVEPOINT unlocked");
      await sleep(50);
    }
  }
}
