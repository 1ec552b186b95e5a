import type { Knex } from "knex";
import { type Schema, emptySchema } from "../model.ts";
import { sortSchema } from "../order.ts";
import { readServer } from "./catalog.ts";
import { readChecks, readForeignKeys, readIndexes } from "./constraints.ts";
import { readEvents, readRoutines, readSequences, readTriggers, readViews } from "./objects.ts";
import { readColumns, readPartitioning, readTables } from "./tables.ts";

/** Reads the database of a MySQL 8 or MariaDB connection; the two give the same for the same. */
export async function readMysql(session: Knex): Promise<Schema> {
  const server = await readServer(session);
  const found = await readTables(session, server);
  const { tables, sequences } = found;
  const schema = emptySchema("mysql");
  const hiddenColumns = await readColumns(session, server, found);
  const hiddenIndexes = await readIndexes(session, server, tables);
  await readForeignKeys(session, tables);
  await readChecks(session, server, tables);
  await readPartitioning(session, server, found);
  const { routines, unmodelled } = await readRoutines(session);
  schema.tables = [...tables.values()];
  schema.sequences = await readSequences(session, sequences);
  schema.views = await readViews(session, server);
  schema.triggers = await readTriggers(session);
  schema.routines = routines;
  schema.unmodelled = [
    ...found.unmodelled,
    ...hiddenColumns,
    ...hiddenIndexes,
    ...unmodelled,
    ...(await readEvents(session)),
  ];
  return sortSchema(schema);
}
