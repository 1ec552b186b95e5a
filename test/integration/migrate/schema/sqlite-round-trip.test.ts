import * as fc from "fast-check";
import { test } from "vitest";
import { openSession } from "../../../../src/database/session.ts";
import { rounds } from "../../../support/every.ts";
import { type Palette, declaredSchemas } from "./declared-schemas.ts";
import { goThereAndBack } from "./round-trip.ts";

const palette: Palette = {
  dialect: "sqlite",
  keyType: "integer",
  kinds: [
    { type: "integer", defaults: ["0", "-1"], checks: ["@ > 0", "@ <> 7"], indexable: true },
    {
      type: "text",
      defaults: ["'x'", "'it''s'", "lower('A')"],
      checks: ["length(@) < 10"],
      collation: "nocase",
      indexable: true,
    },
    { type: "varchar(20)", defaults: ["''"], checks: ["@ in ('a', 'b')"], indexable: true },
    { type: "real", defaults: ["1.5"], checks: [], indexable: true },
    { type: "", defaults: ["current_timestamp"], checks: [], indexable: true },
    { type: "blob", defaults: ["x'00'"], checks: [], indexable: false },
  ],
  generated: "amount * 2",
  expression: "lower(@)",
  partialIndexes: true,
  separateUniques: true,
  deferrable: true,
  actions: ["cascade", "set null", "restrict"],
  view: (column, table) => `SELECT ${column} FROM ${table}`,
};

test("a SQLite schema becomes any other, and comes back", async () => {
  const schemas = declaredSchemas(palette);
  await fc.assert(
    fc.asyncProperty(schemas, schemas, async (one, other) => {
      const session = await openSession(
        { dialect: "sqlite", file: ":memory:", url: "" },
        { applicationName: "test" },
      );
      try {
        await goThereAndBack(session, one, other);
      } finally {
        await session.destroy();
      }
    }),
    { numRuns: rounds(100, 3000) },
  );
}, 600_000);
