/**
 * One act of a migration tool in a process of its own, so that each starts from nothing:
 * node run-in-process.ts TOOL ACT URL FOLDER
 * Prints the milliseconds from the first connection to the last, without the loading of code.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import knexOf, { type Knex } from "knex";
import { Umzug } from "umzug";
import { parseDatabaseUrl } from "../../src/database/address.ts";
import { migrateUp } from "../../src/migrate/apply.ts";
import { listMigrations } from "../../src/migrate/source.ts";
import { readSchemaState } from "../../src/migrate/state.ts";

const [tool = "", act = "", url = "", folder = ""] = process.argv.slice(2);

const acts: Record<string, () => Promise<void>> = {
  "studio up": async () => {
    await migrateUp({
      database: parseDatabaseUrl(url, folder),
      migrations: listMigrations([{ folder, origin: "project" }]),
      who: { user: "bench", host: "bench", version: "0" },
      lockTimeout: 3000,
    });
  },
  "studio status": async () => {
    const migrations = listMigrations([{ folder, origin: "project" }]);
    await readSchemaState({ database: parseDatabaseUrl(url, folder), migrations });
  },
  "umzug up": async () => void (await withUmzug((umzug) => umzug.up())),
  "umzug status": () =>
    withUmzug(async (umzug) => {
      await umzug.executed();
      await umzug.pending();
    }),
  "knex up": async () =>
    withKnex(async (knex) => void (await knex.migrate.latest({ directory: folder }))),
  "knex status": async () =>
    withKnex(async (knex) => void (await knex.migrate.list({ directory: folder }))),
};

const started = performance.now();
await acts[`${tool} ${act}`]?.();
process.stdout.write(`${performance.now() - started}\n`);

async function withKnex<T>(work: (knex: Knex) => Promise<T>): Promise<T> {
  const knex = url.startsWith("sqlite:")
    ? knexOf({
        client: "better-sqlite3",
        connection: { filename: url.slice(7) },
        useNullAsDefault: true,
      })
    : knexOf({ client: "pg", connection: url });
  try {
    return await work(knex);
  } finally {
    await knex.destroy();
  }
}

/** Umzug has no storage for knex: this is the least that works. */
async function withUmzug<T>(work: (umzug: Umzug) => Promise<T>): Promise<T> {
  return withKnex(async (knex) => {
    if (!(await knex.schema.hasTable("umzug"))) {
      await knex.schema.createTable("umzug", (table) => void table.string("name").primary());
    }
    const umzug = new Umzug<object>({
      migrations: readdirSync(folder)
        .filter((name) => name.endsWith(".ts"))
        .toSorted()
        .map((name) => ({
          name,
          path: join(folder, name),
          async up() {
            const module = (await import(join(folder, name))) as {
              up(knex: Knex): Promise<void>;
            };
            await module.up(knex);
          },
        })),
      context: {},
      storage: {
        executed: () => knex("umzug").pluck("name"),
        logMigration: async ({ name }) => void (await knex("umzug").insert({ name })),
        unlogMigration: async ({ name }) => void (await knex("umzug").where({ name }).delete()),
      },
      logger: undefined,
    });
    return work(umzug);
  });
}
