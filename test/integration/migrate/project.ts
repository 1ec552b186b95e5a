import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DatabaseAddress, parseDatabaseUrl } from "../../../src/database/address.ts";
import { openSession } from "../../../src/database/session.ts";
import type { MigrateInput } from "../../../src/migrate/run.ts";
import { readMigrations } from "../../../src/migrate/source.ts";
import type { TestPostgres } from "../../support/postgres.ts";

export const who = { user: "ada", host: "studio", version: "1.2.3" };

export const users = "20260101T000000Z-users";
export const orders = "20260102T000000Z-orders";
export const prices = "20260103T000000Z-prices";

/** Three migrations: two tables that refer to each other, then a column. */
export const sources: Record<string, string> = {
  [users]: `import type { Knex } from "knex";
    export async function up(knex: Knex) {
      await knex.schema.createTable("users", (table) => { table.integer("id").primary(); });
      await knex("users").insert([{ id: 1 }, { id: 2 }]);
    }
    export async function down(knex: Knex) { await knex.schema.dropTable("users"); }`,
  [orders]: `import type { Knex } from "knex";
    export async function up(knex: Knex) {
      await knex.schema.createTable("orders", (table) => {
        table.integer("id").primary();
        table.integer("user").references("users.id").onDelete("CASCADE");
      });
      await knex("orders").insert({ id: 1, user: 1 });
    }
    export async function down(knex: Knex) { await knex.schema.dropTable("orders"); }`,
  [prices]: `import type { Knex } from "knex";
    export const compatible = true;
    export async function up(knex: Knex) {
      await knex.schema.alterTable("orders", (table) => { table.integer("price"); });
    }
    export async function down(knex: Knex) {
      await knex.schema.alterTable("orders", (table) => { table.dropColumn("price"); });
    }`,
};

/** A folder with migrations and, for SQLite, the database. */
export interface TestProject {
  folder: string;
  write(migrations: Record<string, string>): void;
  input(database: DatabaseAddress): Promise<MigrateInput>;
  remove(): void;
}

export function createProject(migrations: Record<string, string> = {}): TestProject {
  const folder = mkdtempSync(join(tmpdir(), "studio-migrate-"));
  const write = (files: Record<string, string>): void => {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, `${name}.ts`), text);
    }
  };
  write(migrations);
  return {
    folder,
    write,
    input: async (database) => ({
      database,
      migrations: await readMigrations([{ folder, origin: "project" }], database.dialect),
      who,
      lockTimeout: 200,
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Makes a new, empty database of one dialect. */
export async function createAddress(
  dialect: string,
  project: TestProject,
  postgres: TestPostgres | null,
): Promise<DatabaseAddress> {
  const url =
    dialect === "sqlite" ? "sqlite:data.db" : ((await postgres?.createDatabase()) ?? "postgres:");
  return parseDatabaseUrl(url, project.folder);
}

/** The rows of one query, on a connection of its own. */
export async function select(
  database: DatabaseAddress,
  text: string,
): Promise<Record<string, unknown>[]> {
  const session = await openSession(database, { applicationName: "test" });
  try {
    const result = await session.raw<unknown>(text);
    return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Record<
      string,
      unknown
    >[];
  } finally {
    await session.destroy();
  }
}

/** The tables and columns of a database, as sorted words `table.column`. */
export async function columns(database: DatabaseAddress): Promise<string[]> {
  const rows = await select(
    database,
    database.dialect === "sqlite"
      ? `SELECT m.name || '.' || c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`
      : `SELECT table_name || '.' || column_name AS "column" FROM information_schema.columns WHERE table_schema = 'public'`,
  );
  return rows
    .map((row) => String(row["column"]))
    .filter((column) => !column.startsWith("studio_migrations."))
    .sort();
}

/** The names in the journal, in the order of application. */
export async function journaled(database: DatabaseAddress): Promise<string[]> {
  const rows = await select(
    database,
    "SELECT name, status FROM studio_migrations ORDER BY sequence",
  );
  return rows.map((row) => `${String(row["name"])} ${String(row["status"])}`);
}
