import type { Knex } from "knex";
import type { WorkClock } from "../work-clock.ts";

/**
 * Checks the constraints that are deferred to the end of a transaction, as its COMMIT would, and
 * defers them again for the next migration.
 */
export async function checkDeferred(transaction: Knex, clock: WorkClock): Promise<void> {
  const { rows } = await clock.without(() =>
    transaction.raw<{ rows: { schema: string; name: string }[] }>(query),
  );
  if (rows.length === 0) return;
  const names = rows.map(() => "??.??").join(", ");
  const values = rows.flatMap(({ schema, name }) => [schema, name]);
  await transaction.raw("SET CONSTRAINTS ALL IMMEDIATE");
  await transaction.raw(`SET CONSTRAINTS ${names} DEFERRED`, values);
}

const query = `
  SELECT DISTINCT n.nspname::text AS schema, c.conname::text AS name
  FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace
  WHERE c.condeferred`;
