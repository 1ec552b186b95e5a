import * as fc from "fast-check";
import knexPackage, { type Knex } from "knex";
import { afterAll, test } from "vitest";
import { rounds } from "../../../support/every.ts";
import { startMysql } from "../../../support/mysql.ts";
import { type Palette, declaredSchemas } from "./declared-schemas.ts";
import { goThereAndBack } from "./round-trip.ts";

const server = await startMysql();
afterAll(() => server?.stop());

const palette: Palette = {
  dialect: "mysql",
  keyType: "bigint unsigned",
  kinds: [
    { type: "int", defaults: ["0", "-1"], checks: ["@ > 0", "@ between 1 and 7"], indexable: true },
    { type: "smallint unsigned", defaults: ["7"], checks: ["@ <> 7"], indexable: true },
    {
      type: "varchar(20)",
      defaults: ["'x'", "'it''s'", "lower('A')"],
      checks: ["length(@) < 10", "@ like 'a%'", "@ in ('a', 'b')"],
      collation: "utf8mb4_bin",
      indexable: true,
    },
    { type: "text", defaults: ["''"], checks: [], indexable: false },
    { type: "decimal(10,2)", defaults: ["0", "1.5"], checks: ["@ >= 0"], indexable: true },
    { type: "tinyint(1)", defaults: ["true", "0"], checks: [], indexable: true },
    { type: "datetime(3)", defaults: ["now(3)"], checks: [], indexable: true },
    { type: "timestamp", defaults: ["current_timestamp"], checks: [], indexable: true },
    { type: "json", defaults: [], checks: [], indexable: false },
    { type: "enum('a','b, c')", defaults: ["'a'"], checks: [], indexable: true },
  ],
  generated: "amount * 2",
  expression: "",
  partialIndexes: false,
  separateUniques: false,
  deferrable: false,
  actions: ["cascade", "set null"],
  view: (column, table) => `select ${table}.${column} AS ${column} from ${table}`,
};

test.runIf(server)(
  "a MariaDB schema becomes any other, and comes back",
  async () => {
    if (server === null) return;
    const url = server.createDatabase();
    const session = knexPackage({ client: "mysql2", connection: url, pool: { min: 0, max: 1 } });
    try {
      const schemas = declaredSchemas(palette);
      await fc.assert(
        fc
          .asyncProperty(schemas, schemas, (one, other) => goThereAndBack(session, one, other))
          .beforeEach(() => empty(session, new URL(url).pathname.slice(1))),
        { numRuns: rounds(10, 100) },
      );
    } finally {
      await session.destroy();
    }
  },
  600_000,
);

async function empty(session: Knex, database: string): Promise<void> {
  await session.raw(`DROP DATABASE ${database}`);
  await session.raw(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  await session.raw(`USE ${database}`);
}
