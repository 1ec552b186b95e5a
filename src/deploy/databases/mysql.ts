import { availableParallelism } from "node:os";
import { dumpMysql } from "../../database/mysql/dump.ts";
import {
  dropFilledMysql,
  exchangeMysql,
  undoMysqlExchange,
} from "../../database/mysql/exchange.ts";
import { mysqlDatabase } from "../../database/mysql/options-file.ts";
import { drillMysql, fillMysql } from "../../database/mysql/restore.ts";
import { readSchema } from "../../database/mysql/schema-facts.ts";
import { withMysql } from "../../database/mysql/session.ts";
import { given } from "./program-run.ts";
import type { ServerDatabase, ServerDatabaseInput } from "./server-database.ts";

const jobs = Math.min(4, availableParallelism());

export function mysqlServerDatabase(input: ServerDatabaseInput): ServerDatabase {
  const { address, env, scratch } = input;
  const common = { address, env, scratch };
  return {
    dialect: "mysql",
    isEmpty: () =>
      withMysql(common, async (session) => {
        const schema = await readSchema(session, mysqlDatabase(address));
        return (schema?.tables.length ?? 0) === 0;
      }),
    async dump(into, run) {
      const { record, files, warnings } = await dumpMysql({ ...common, ...given(run), into });
      const tables = Object.fromEntries(files.map(({ table, rows }) => [table, rows]));
      const { serverVersion, programVersion, database } = record;
      return { tables, server: { serverVersion, programVersion, database }, warnings };
    },
    async fill({ id, from }, run) {
      await fillMysql({ ...common, ...given(run), from, jobs }, id);
      return [];
    },
    dropFilled: ({ id }) => dropFilledMysql({ ...common, id }),
    exchange: ({ id, from, keepReplacedIn }) =>
      exchangeMysql({ ...common, id, from, keepReplacedIn }),
    undoExchange: ({ id, keepReplacedIn }) => undoMysqlExchange({ ...common, id, keepReplacedIn }),
    async drill(from, id, run) {
      const { tables } = await drillMysql({ ...common, ...given(run), from, jobs }, id);
      return Object.fromEntries(tables.map(({ name, rows }) => [name, rows]));
    },
    restoreTables: null,
    undoTables: async () => undefined,
  };
}
