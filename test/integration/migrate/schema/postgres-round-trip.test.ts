import * as fc from "fast-check";
import { afterAll, test } from "vitest";
import { openSession } from "../../../../src/database/session.ts";
import { rounds } from "../../../support/every.ts";
import { startPostgres } from "../../../support/postgres.ts";
import { type Palette, declaredSchemas } from "./declared-schemas.ts";
import { goThereAndBack } from "./round-trip.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

const palette: Palette = {
  dialect: "postgres",
  keyType: "bigint",
  kinds: [
    {
      type: "integer",
      defaults: ["0", "-1"],
      checks: ["@ > 0", "@ between 1 and 7"],
      indexable: true,
    },
    { type: "smallint", defaults: ["7"], checks: ["@ <> 7"], indexable: true },
    {
      type: "text",
      defaults: ["'x'", "'it''s'", "lower('A')"],
      checks: ["length(@) < 10", "@ like 'a%'"],
      collation: "C",
      indexable: true,
    },
    {
      type: "character varying(20)",
      defaults: ["''"],
      checks: ["@ in ('a', 'b')"],
      indexable: true,
    },
    { type: "numeric(10,2)", defaults: ["0", "1.5"], checks: ["@ >= 0"], indexable: true },
    { type: "boolean", defaults: ["true", "false"], checks: ["@"], indexable: true },
    { type: "timestamp with time zone", defaults: ["now()"], checks: [], indexable: true },
    { type: "jsonb", defaults: ["'{}'"], checks: ["@ ? 'a'"], indexable: false },
    { type: "text[]", defaults: ["'{}'"], checks: [], indexable: true },
  ],
  generated: "amount * 2",
  expression: "lower(@)",
  partialIndexes: true,
  separateUniques: true,
  deferrable: true,
  actions: ["cascade", "set null", "restrict", "set default"],
  view: (column, table) => `SELECT ${table}.${column}\n   FROM ${table}`,
};

test.runIf(server)(
  "a PostgreSQL schema becomes any other, and comes back",
  async () => {
    if (server === null) return;
    const url = await server.createDatabase();
    const session = await openSession(
      { dialect: "postgres", file: null, url },
      { applicationName: "test" },
    );
    try {
      const schemas = declaredSchemas(palette);
      await fc.assert(
        fc
          .asyncProperty(schemas, schemas, (one, other) => goThereAndBack(session, one, other))
          .beforeEach(async () => {
            await session.raw("DROP SCHEMA public CASCADE");
            await session.raw("CREATE SCHEMA public");
          }),
        { numRuns: rounds(15, 250) },
      );
    } finally {
      await session.destroy();
    }
  },
  600_000,
);
