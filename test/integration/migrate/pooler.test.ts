import { type TestContext, afterAll, describe, expect, onTestFinished, test } from "vitest";
import { parseDatabaseUrl } from "../../../src/database/address.ts";
import { migrateUp } from "../../../src/migrate/apply.ts";
import { type PoolerOptions, startPooler } from "../../support/pgbouncer.ts";
import { startPostgres } from "../../support/postgres.ts";
import { createProject, sources } from "./project.ts";

const postgres = await startPostgres();
afterAll(() => postgres?.stop());

const refused: PoolerOptions[] = [
  { mode: "transaction", size: 5, roundRobin: false },
  { mode: "transaction", size: 5, roundRobin: true },
  { mode: "transaction", size: 1, roundRobin: false },
  { mode: "statement", size: 5, roundRobin: false },
];

describe.skipIf(postgres === null)("migrating through a connection pooler", () => {
  test.for(refused)(
    "is refused with $mode mode, size $size, in turn: $roundRobin",
    async (options, context) => {
      expect(await attempt(options, context)).toMatchObject({
        code: "database.pooled",
        exitCode: 2,
        message: expect.stringContaining("Nothing was changed"),
      });
    },
  );

  test("works with a pool that gives each client a session", async (context) => {
    expect(await attempt({ mode: "session", size: 5, roundRobin: false }, context)).toMatchObject({
      applied: Object.keys(sources),
    });
  });
});

async function attempt(options: PoolerOptions, context: TestContext): Promise<unknown> {
  if (postgres === null) return null;
  const pooler = await startPooler(postgres, options);
  if (pooler === null) return context.skip("pgbouncer is not installed");
  const project = createProject(sources);
  onTestFinished(async () => {
    project.remove();
    await pooler.stop();
  });
  const direct = new URL(await postgres.createDatabase());
  const database = parseDatabaseUrl(pooler.urlOf(direct.pathname.slice(1)), project.folder);
  return migrateUp(await project.input(database)).catch((error: unknown) => error);
}
