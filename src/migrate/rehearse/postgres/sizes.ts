import type { Knex } from "knex";
import type { TableSize } from "../table-sizes.ts";
import { type Relation, displayName } from "./relations.ts";

/**
 * Asks for the rows, as the planner estimates them, and the bytes of relations.
 * @returns by the names that reports use
 */
export async function readPostgresSizes(
  session: Knex,
  relations: readonly Relation[],
): Promise<Map<string, TableSize>> {
  const { rows } = await session.raw<{ rows: Record<string, string>[] }>(query, [
    relations.map(({ schema }) => schema),
    relations.map(({ name }) => name),
  ]);
  const sizes = new Map<string, TableSize>();
  for (const { schema, name, estimate, bytes } of rows) {
    const relation = relations.find((one) => one.schema === schema && one.name === name);
    if (relation === undefined) continue;
    const count = Number(estimate);
    // -1: it was never analysed.
    sizes.set(displayName(relation), { rows: count < 0 ? null : count, bytes: Number(bytes) });
  }
  return sizes;
}

const query = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, c.reltuples AS estimate,
    pg_catalog.pg_total_relation_size(c.oid)::text AS bytes
  FROM unnest(?::text[], ?::text[]) AS wanted (schema, name)
  JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.schema
  JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = wanted.name
  WHERE c.relkind IN ('r', 'p', 'm', 'S')`;
