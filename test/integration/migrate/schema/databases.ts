import knexPackage, { type Knex } from "knex";
import type { Dialect } from "../../../../src/database/address.ts";
import { openSession } from "../../../../src/database/session.ts";
import { type TestMysql, startMysql } from "../../../support/mysql.ts";
import { type TestPostgres, startPostgres } from "../../../support/postgres.ts";

export interface Databases {
  /** The dialects whose servers are installed. */
  dialects: Dialect[];
  /** Runs `work` with a session of an empty database. */
  with(dialect: Dialect, work: (session: Knex) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the servers that are installed; SQLite needs none. */
export async function startDatabases(): Promise<Databases> {
  const [postgres, mysql] = await Promise.all([startPostgres(), startMysql()]);
  return {
    dialects: [
      "sqlite",
      ...(postgres === null ? [] : ["postgres" as const]),
      ...(mysql === null ? [] : ["mysql" as const]),
    ],
    async with(dialect, work) {
      const session = await open(dialect, postgres, mysql);
      try {
        await work(session);
      } finally {
        await session.destroy();
      }
    },
    async stop() {
      await Promise.all([postgres?.stop(), mysql?.stop()]);
    },
  };
}

async function open(
  dialect: Dialect,
  postgres: TestPostgres | null,
  mysql: TestMysql | null,
): Promise<Knex> {
  const options = { applicationName: "test" };
  if (dialect === "sqlite") {
    return openSession({ dialect, file: ":memory:", url: "sqlite::memory:" }, options);
  }
  if (dialect === "postgres") {
    const url = (await postgres?.createDatabase()) ?? "";
    return openSession({ dialect, file: null, url }, options);
  }
  const connection = mysql?.createDatabase() ?? "";
  return knexPackage({ client: "mysql2", connection, pool: { min: 0, max: 1 } });
}
