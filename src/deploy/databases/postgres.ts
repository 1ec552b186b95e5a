import { availableParallelism } from "node:os";
import { databaseName, withPostgres } from "../../database/postgres/connection.ts";
import { dumpPostgres } from "../../database/postgres/dump.ts";
import { hostPostgresPrograms } from "../../database/postgres/host-programs.ts";
import { besideName } from "../../database/beside-name.ts";
import { drillPostgres } from "../../database/postgres/restore-database.ts";
import { fillDatabase } from "../../database/postgres/restore.ts";
import {
  type RestoredTable,
  restorePostgresTables,
} from "../../database/postgres/restore-table.ts";
import { dropFilled, exchangeDatabases, undoExchange } from "../../database/postgres/swap.ts";
import { undoRestoreTables } from "../../database/postgres/undo-restore-table.ts";
import { given } from "./program-run.ts";
import type { ServerDatabase, ServerDatabaseInput } from "./server-database.ts";

/** Connections that a dump or a restore uses at once, beside two of its own. */
const jobs = Math.min(4, availableParallelism());

const anyTable = `SELECT 1 FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
  LIMIT 1`;

export function postgresDatabase(input: ServerDatabaseInput): ServerDatabase {
  const { address, rolePasswords } = input;
  const programs = hostPostgresPrograms({ env: input.env });
  const common = { address, programs, jobs };
  const exchangeOf = async (id: string) => ({ address, id, database: await databaseName(address) });
  return {
    dialect: "postgres",
    isEmpty: () =>
      withPostgres(address, async (client) => (await client.query(anyTable)).rows.length === 0),
    async dump(into, run) {
      const dump = await dumpPostgres({ ...common, ...given(run), into, rolePasswords });
      const { record, files, warnings } = dump;
      const tables = Object.fromEntries(files.map(({ table, rows }) => [table, rows]));
      const { serverVersion, programVersion, database } = record;
      return { tables, server: { serverVersion, programVersion, database }, warnings };
    },
    async fill({ id, from }, run) {
      const database = await databaseName(address);
      const { notes } = await fillDatabase(
        { ...common, ...given(run), from },
        { name: besideName(database, "restore", id), replaces: database, analyze: true },
      );
      return notes;
    },
    dropFilled: async ({ id }) => dropFilled(await exchangeOf(id)),
    exchange: async ({ id }) => exchangeDatabases(await exchangeOf(id)),
    undoExchange: async ({ id }) => undoExchange(await exchangeOf(id)),
    async drill(from, id, run) {
      const database = await databaseName(address);
      const { tables } = await drillPostgres({ ...common, ...given(run), from }, { database, id });
      return Object.fromEntries(
        tables.map(({ schema, name, rows }) => [`${schema}.${name}`, rows]),
      );
    },
    async restoreTables({ id, from }, tables, run) {
      const restored = await restorePostgresTables({
        ...common,
        ...given(run),
        scratch: input.scratch,
        from,
        id,
        tables,
      });
      return restored.map(({ schema, name, rows, keptAs }) => {
        return { name: `${schema}.${name}`, rows, keptAs };
      });
    },
    undoTables: (id, tables) => undoRestoreTables({ address, id }, tables.map(undoing)),
  };
}

function undoing({ name, existed }: { name: string; existed: boolean }) {
  const at = name.indexOf(".");
  const method: RestoredTable["method"] = existed ? "replaced" : "created";
  return { schema: at < 0 ? "public" : name.slice(0, at), name: name.slice(at + 1), method };
}
