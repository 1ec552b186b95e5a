import { afterAll, describe, expect, test } from "vitest";
import { openSession } from "../../../../src/database/session.ts";
import { asPrinted } from "../../../../src/deploy/printed-schema.ts";
import type { View } from "../../../../src/deploy/view.ts";
import { compareSchemas } from "../../../../src/migrate/schema/compare.ts";
import { readSchema } from "../../../../src/migrate/schema/read.ts";
import { formatSchema, parseSchema } from "../../../../src/migrate/schema/text.ts";
import { createAddress, createProject, select, startServers } from "../project.ts";

const { dialects, ...servers } = await startServers();

afterAll(async () => {
  await servers.postgres?.stop();
  await servers.mysql?.stop();
});

const databases = "SELECT count(*) AS n FROM pg_database";
const schemas = "SELECT count(*) AS n FROM information_schema.schemata";

/** Each server writes it down in another way. */
const selects: Record<string, string> = {
  postgres: "select id from orders where price between 1 and 5 and paid in (1, 2)",
  mysql: "select id from orders where not (paid = 0) and price in (1)",
};

describe.each(dialects.filter((dialect) => dialect !== "sqlite"))("on %s", (dialect) => {
  test("what people write otherwise than the server prints it is no difference", async () => {
    const project = createProject();
    const database = await createAddress(dialect, project, servers);
    const session = await openSession(database, { applicationName: "test" });
    try {
      await session.raw("CREATE TABLE orders (id int PRIMARY KEY, price int, paid int)");
      await session.raw(`CREATE VIEW some_orders AS ${selects[dialect]}`);
      const live = await readSchema(session, database.dialect);
      const text = formatSchema(live);
      const declared = parseSchema(
        `${text.slice(0, text.indexOf("views:"))}views:\n  some_orders: ${selects[dialect]}\n`,
        "schema.yaml",
      );
      expect(compareSchemas(declared, live)).not.toEqual([]);
      const count = dialect === "postgres" ? databases : schemas;
      const before = await select(database, count);
      const place = {
        database,
        project: { directory: project.folder, settings: { migrate: { lockTimeout: 3000 } } },
        variables: process.env,
        desk: { now: () => new Date() },
      } as View;
      expect(compareSchemas(await asPrinted(place, declared, live), live)).toEqual([]);
      expect(await select(database, count)).toEqual(before);
    } finally {
      await session.destroy();
      project.remove();
    }
  });
});
