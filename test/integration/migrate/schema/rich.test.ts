import { afterAll, describe, expect, test } from "vitest";
import { asServerPrints } from "../../../../src/migrate/schema/canonical.ts";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { parseSchema } from "../../../../src/migrate/schema/text.ts";
import { startDatabases } from "./databases.ts";
import { richSchemas } from "./rich-schemas.ts";
import { goThereAndBack } from "./round-trip.ts";

const databases = await startDatabases();
afterAll(() => databases.stop());

describe.each(databases.dialects)("on %s, schemas with all kinds of objects", (dialect) => {
  const before = parseSchema(richSchemas[dialect].before, "before.yaml");
  const after = parseSchema(richSchemas[dialect].after, "after.yaml");

  test("one becomes the other, and comes back", async () => {
    await databases.with(dialect, (session) => goThereAndBack(session, before, after));
  });

  test("the other becomes the one, and comes back", async () => {
    await databases.with(dialect, (session) => goThereAndBack(session, after, before));
  });

  test("are read back from an empty database as they were declared", async () => {
    await databases.with(dialect, async (session) => {
      const printed = await asServerPrints(session, before);
      expect(compareSchemas(before, printed)).toEqual([]);
    });
  });
});
