import type { Knex } from "knex";
import { afterAll, test } from "vitest";
import { openSession } from "../../../../src/database/session.ts";
import { parseSchema } from "../../../../src/migrate/schema/text.ts";
import { startPostgres } from "../../../support/postgres.ts";
import { after, before } from "./postgres-rich.ts";
import { goThereAndBack } from "./round-trip.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

async function withDatabase(work: (session: Knex) => Promise<void>): Promise<void> {
  const url = (await server?.createDatabase()) ?? "";
  const address = { dialect: "postgres", file: null, url } as const;
  const session = await openSession(address, { applicationName: "test" });
  try {
    await work(session);
  } finally {
    await session.destroy();
  }
}

test.runIf(server).each([
  ["one way", before, after],
  ["the other way", after, before],
])("all kinds of objects change, %s, and back", async (_which, one, other) => {
  await withDatabase(async (session) => {
    await goThereAndBack(session, parseSchema(one, "one.yaml"), parseSchema(other, "other.yaml"));
  });
});
