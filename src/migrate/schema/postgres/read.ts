import type { Knex } from "knex";
import { type Schema, type Table, type View, emptySchema } from "../model.ts";
import { sortSchema } from "../order.ts";
import { query } from "./catalog.ts";
import { readColumns } from "./columns.ts";
import { readConstraints } from "./constraints.ts";
import { readIndexes } from "./indexes.ts";
import * as objects from "./objects.ts";
import { readPolicies, readRoutines, readTriggers } from "./routines.ts";
import { readTables } from "./tables.ts";
import { readTypes } from "./types.ts";
import { readUnmodelled } from "./unmodelled.ts";

/** Reads a PostgreSQL database in one transaction, with a number of queries that is always the same. */
export async function readPostgres(session: Knex): Promise<Schema> {
  if (session.isTransaction) return withFirstSchemaOnly(session, readAll);
  return session.transaction((transaction) => withFirstSchemaOnly(transaction, readAll), {
    isolationLevel: "repeatable read",
    readOnly: true,
  });
}

/** The server prints names without a schema where the search path has it; here that is the first. */
async function withFirstSchemaOnly(
  session: Knex,
  read: (session: Knex) => Promise<Schema>,
): Promise<Schema> {
  const setPath = "set_config('search_path', ";
  const [path] = await query<{ old: string; first: string | null }>(
    session,
    "SELECT current_setting('search_path') AS old, current_schema()::text AS first",
  );
  await session.raw(`SELECT ${setPath}quote_ident(?), true)`, [path?.first ?? "public"]);
  const schema = await read(session);
  await session.raw(`SELECT ${setPath}?, true)`, [path?.old ?? ""]);
  return schema;
}

async function readAll(session: Knex): Promise<Schema> {
  const schema = emptySchema("postgres");
  const tables = await readTables(session);
  const owned = await readColumns(session, tables);
  await readConstraints(session, tables);
  await readPolicies(session, tables);
  const views = await objects.readViews(session);
  await readIndexes(session, new Map<string, Table | View>([...tables, ...views]));
  schema.schemas = await objects.readSchemas(session);
  schema.extensions = await objects.readExtensions(session);
  schema.types = await readTypes(session);
  schema.sequences = await objects.readSequences(session, owned);
  schema.tables = [...tables.values()];
  schema.views = [...views.values()];
  schema.routines = await readRoutines(session);
  schema.triggers = await readTriggers(session, [...tables.keys(), ...views.keys()]);
  schema.unmodelled = await readUnmodelled(session);
  return sortSchema(schema);
}
