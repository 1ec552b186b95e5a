import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DatabaseAddress } from "../../../src/database/address.ts";
import { migrateDown, migrateUp } from "../../../src/migrate/apply.ts";
import { placeOfError } from "../../../src/migrate/error-place.ts";
import { runStatements } from "../../../src/migrate/script/run-statements.ts";
import { splitStatements } from "../../../src/migrate/script/split.ts";
import { routines } from "../../unit/migrate/script/mysql-routines.ts";
import {
  type TestProject,
  columns,
  createAddress,
  createProject,
  journaled,
  select,
  sources,
  startServers,
  users,
} from "./project.ts";

const servers = await startServers();
const { postgres, mysql, dialects } = servers;
const items = "20260201T000000Z-items";
const tags = "20260202T000000Z-tags";

let project: TestProject;
let database: DatabaseAddress;

afterAll(async () => {
  await postgres?.stop();
  await mysql?.stop();
});

function write(name: string, text: string): string {
  const file = join(project.folder, name);
  writeFileSync(file, text);
  return file;
}

async function failureOf(work: Promise<unknown>): Promise<Error & { details: unknown }> {
  return (await work.catch((error: unknown) => error)) as Error & { details: unknown };
}

describe.each(dialects)("migrations in SQL on %s", (dialect) => {
  beforeEach(async () => {
    project = createProject({ [users]: sources[users] ?? "" });
    database = await createAddress(dialect, project, servers);
    write(
      `${items}.sql`,
      `-- studio: compatible true
-- studio: up
CREATE TABLE items (id integer PRIMARY KEY, name text);
INSERT INTO items VALUES (1, 'what?'), (2, '\\? ?? :name; "''');
-- studio: down
DROP TABLE items;
`,
    );
    write(`${tags}.up.sql`, "CREATE TABLE tags (id integer);\n");
    write(`${tags}.down.sql`, "-- Back.\nDROP TABLE tags;\n");
  });

  afterEach(() => project.remove());

  test("are applied and reverted, between those in TypeScript, with their texts as written", async () => {
    const input = await project.input(database);
    expect(await migrateUp(input)).toMatchObject({ applied: [users, items, tags] });
    expect(await select(database, "SELECT name FROM items ORDER BY id")).toEqual([
      { name: "what?" },
      { name: dialect === "mysql" ? "? ?? :name; \"'" : "\\? ?? :name; \"'" },
    ]);
    expect(await migrateDown({ ...input, to: users })).toMatchObject({ reverted: [tags, items] });
    expect(await columns(database)).toEqual(["users.id"]);
  });

  test("tell the file and the line of a statement that fails, and undo what can be undone", async () => {
    const input = await project.input(database);
    await migrateUp(input);
    const file = write(
      "20260203T000000Z-broken.sql",
      "CREATE TABLE half (id integer);\n\n-- The secret's place.\nINSERT INTO nothing\nVALUES ('hunter2');\n",
    );
    const error = await failureOf(migrateUp(await project.input(database)));
    const line = 4;
    expect(error).toMatchObject({ code: "migration.failed", details: { file, line } });
    expect(error.message).toContain(`${file}:${line}`);
    expect(error.message).not.toContain("hunter2");
    const isUndone = dialect !== "mysql";
    expect(error).toMatchObject({ exitCode: isUndone ? 5 : 6 });
    expect((await columns(database)).includes("half.id")).toBe(!isUndone);
    expect(await journaled(database)).toHaveLength(isUndone ? 3 : 4);
  });

  test("tell the file for down where that fails", async () => {
    const input = await project.input(database);
    await migrateUp(input);
    const file = write(`${tags}.down.sql`, "DROP TABLE tags;\nDROP TABLE nothing;\n");
    // As it was applied: an edited file stops everything before.
    const migrations = input.migrations.map((one) => ({ ...one }));
    const edited = (await project.input(database)).migrations.at(-1);
    const last = migrations.at(-1);
    if (last !== undefined) last.checksum = edited?.checksum ?? "";
    await select(
      database,
      `UPDATE studio_migrations SET checksum = '${last?.checksum}' WHERE name = '${tags}'`,
    );
    const error = await failureOf(migrateDown({ ...input, migrations, steps: 1 }));
    expect(error).toMatchObject({ code: "migration.failed", details: { file, line: 2 } });
  });

  test("are refused before anything is changed where they are not sound", async () => {
    const file = write("20260203T000000Z-broken.sql", "CREATE TABLE half (id integer);\nCOMMIT;\n");
    await expect(migrateUp(await project.input(database))).rejects.toMatchObject({
      code: "migration.invalid",
      details: { file, line: 2 },
    });
    expect(await columns(database)).toEqual([]);
  });
});

describe.skipIf(postgres === null)("statements in SQL on PostgreSQL", () => {
  beforeEach(async () => {
    project = createProject();
    database = await createAddress("postgres", project, servers);
  });

  afterEach(() => project.remove());

  test("keep operators with question marks, and backslashes before them", async () => {
    write(
      `${items}.sql`,
      `CREATE TABLE items AS SELECT
  '{"a":1}'::jsonb ? 'a' AS one, '{"a":1}'::jsonb ?| ARRAY['b'] AS two,
  '{"a":1}'::jsonb @? '$.a ? (@ > 0)' AS three, '{"a":1}'::jsonb ?& ARRAY['a'] AS four,
  regexp_replace('a?b', '\\?.*$', '') AS five, E'\\\\?' AS six;
CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE SQL BEGIN ATOMIC
  SELECT CASE WHEN n > 0 THEN n * 2 END;
END;
DO $do$ BEGIN PERFORM twice(1); END; $do$;
`,
    );
    await migrateUp(await project.input(database));
    expect(await select(database, "SELECT *, twice(2) AS seven FROM items")).toEqual([
      { one: true, two: false, three: true, four: true, five: "a", six: "\\?", seven: 4 },
    ]);
  });

  test("run outside of a transaction where they say so", async () => {
    await select(database, "CREATE TABLE items (id integer)");
    write(
      `${items}.sql`,
      "-- studio: no-transaction\n\nCREATE INDEX CONCURRENTLY by_id ON items (id);\n",
    );
    await migrateUp(await project.input(database));
    expect(
      await select(database, "SELECT indexname FROM pg_indexes WHERE tablename = 'items'"),
    ).toEqual([{ indexname: "by_id" }]);
  });

  test("tell the exact line within a statement", async () => {
    const file = write(
      `${items}.sql`,
      "-- 😀\nCREATE TABLE items (\n  id integer,\n  a nonsense\n);",
    );
    const error = await failureOf(migrateUp(await project.input(database)));
    expect(error).toMatchObject({ details: { file, line: 4 } });
  });

  test("give way to a lock as others do", async () => {
    await select(database, "CREATE TABLE items (id integer)");
    const { openSession } = await import("../../../src/database/session.ts");
    const holder = await openSession(database, { applicationName: "test" });
    const transaction = await holder.transaction();
    await transaction("items").insert({ id: 1 });
    write(`${items}.sql`, "ALTER TABLE items ADD name text");
    const retries: number[] = [];
    const report = await migrateUp({
      ...(await project.input(database)),
      onEvent: (event) => {
        if (event.type !== "retrying") return;
        retries.push(event.attempt);
        void transaction.commit();
      },
    });
    expect(report).toMatchObject({ applied: [items] });
    expect(retries).toEqual([1]);
    await holder.destroy();
  });
});

describe.skipIf(mysql === null)("statements in SQL on MariaDB", () => {
  const source = { file: "/migrations/a.sql", dialect: "mysql" as const };

  test("run as they were split and written", async () => {
    const { default: knex } = await import("knex");
    const session = knex({ client: "mysql2", connection: mysql?.createDatabase() ?? "" });
    const run = (text: string) => runStatements(session, splitStatements(text, "mysql"), source);
    try {
      await run(
        "CREATE TABLE rows_of_t (a int, b text, `end` int);" +
          "INSERT INTO rows_of_t VALUES (1, '\\\\? ?? :a', 2)",
      );
      await run(routines.join(";\n"));
      expect((await session("rows_of_t").select("b")) as unknown[]).toEqual([{ b: "\\? ?? :a" }]);
      const error = await failureOf(run("SELECT 1;\n\n# a\nSELECT\n 1 +\nFROM x"));
      expect(placeOfError(error, "")).toEqual({ file: source.file, line: 6 });
      expect(error).toMatchObject({ code: "ER_PARSE_ERROR" });
    } finally {
      await session.destroy();
    }
  });
});
