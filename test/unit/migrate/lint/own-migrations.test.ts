import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Knex, knex } from "knex";
import { expect, test } from "vitest";
import type { Dialect } from "../../../../src/database/address.ts";
import { type LintedMigration, lintMigrations } from "../../../../src/migrate/lint/lint.ts";
import type { MigrationModule } from "../../../../src/migrate/module.ts";
import { migrationOf } from "./migrations.ts";

const folder = resolve(import.meta.dirname, "../../../../migrations");
const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));

const clients: [Dialect, string][] = [
  ["postgres", "pg"],
  ["mysql", "mysql2"],
  ["sqlite", "better-sqlite3"],
];

/** What the migration would send to a database that knex has no connection to. */
async function recordStatements(module: MigrationModule, client: string): Promise<string[]> {
  const builder = knex({ client, useNullAsDefault: true });
  const statements: string[] = [];
  const schema = new Proxy(builder.schema, {
    get: (_, method: keyof Knex.SchemaBuilder) => async (name: string, define: never) => {
      const build = builder.schema[method] as unknown as (...given: unknown[]) => unknown;
      const compiled = build.call(builder.schema, name, define) as Knex.SchemaBuilder;
      const made = compiled.toSQL() as unknown as { sql: string }[];
      statements.push(...made.map(({ sql }) => sql));
    },
  });
  await module.up({ schema } as unknown as Knex);
  return statements;
}

test("studio's own migrations are there to be judged", () => {
  expect(files.length).toBeGreaterThan(0);
});

test.each(clients)("studio's own migrations have no findings on %s", async (dialect, client) => {
  const migrations: LintedMigration[] = [];
  for (const file of files) {
    const module = (await import(join(folder, file))) as MigrationModule;
    const statements = await recordStatements(module, client);
    expect(statements.length).toBeGreaterThan(0);
    const { compatible = null } = module;
    migrations.push(migrationOf(statements, { name: file, file: join(folder, file), compatible }));
  }
  const report = await lintMigrations({ dialect, migrations });
  expect(report.findings).toEqual([]);
  expect(report.safe).toBe(true);
});
