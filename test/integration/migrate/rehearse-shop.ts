import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type DatabaseAddress, parseDatabaseUrl } from "../../../src/database/address.ts";
import { openSession } from "../../../src/database/session.ts";
import { schemaFingerprint } from "../../../src/migrate/fingerprint.ts";
import type { RehearsalInput } from "../../../src/migrate/rehearse/rehearsal-input.ts";
import type { RehearsalReport, RehearsedMigration } from "../../../src/migrate/rehearse/report.ts";
import { type TestProject, createProject, select } from "./project.ts";

/** A database with `users` (2,000 rows) and `orders` (1,000 rows), and migrations to write for it. */
export interface Shop {
  project: TestProject;
  database: DatabaseAddress;
  input(): Promise<RehearsalInput>;
  /** Writes the next migration; each call has a later name. */
  sql(text: string): string;
  program(up: string, more?: string): string;
  /** What there is: definitions, rows, and what the server has besides. */
  contents(): Promise<unknown>;
}

const tables: Record<string, string[]> = {
  postgres: [
    "CREATE TABLE users (id int PRIMARY KEY, email text)",
    "CREATE TABLE orders (id serial PRIMARY KEY, customer int)",
    "INSERT INTO users SELECT n, n || '@example.com' FROM generate_series(1, 2000) n",
    "INSERT INTO orders (customer) SELECT n FROM generate_series(1, 1000) n",
    "ANALYZE",
  ],
  mysql: [
    "CREATE TABLE users (id int PRIMARY KEY, email varchar(100))",
    "CREATE TABLE orders (id int AUTO_INCREMENT PRIMARY KEY, customer int)",
    "INSERT INTO users SELECT seq, concat(seq, '@example.com') FROM seq_1_to_2000",
    "INSERT INTO orders (customer) SELECT seq FROM seq_1_to_1000",
  ],
  sqlite: [
    "CREATE TABLE users (id integer PRIMARY KEY, email text)",
    "CREATE TABLE orders (id integer PRIMARY KEY, customer int)",
    "INSERT INTO users WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 2000) SELECT n, n || '@example.com' FROM n",
    "INSERT INTO orders (customer) SELECT id FROM users LIMIT 1000",
  ],
};

export async function openShop(url: string): Promise<Shop> {
  const project = createProject();
  const database = parseDatabaseUrl(url, project.folder);
  for (const statement of tables[database.dialect] ?? []) await select(database, statement);
  let written = 0;
  const write = (extension: string, text: string): string => {
    written += 1;
    const name = `20260101T${String(written).padStart(6, "0")}Z-step`;
    writeFileSync(join(project.folder, `${name}.${extension}`), text);
    return name;
  };
  const clone = { env: process.env, scratch: join(project.folder, "scratch") };
  return {
    project,
    database,
    input: async () => ({ ...(await project.input(database)), clone }),
    sql: (text) => write("sql", text),
    program: (up, more = "") => write("ts", `export async function up(knex) {\n${up}\n}\n${more}`),
    contents: () => contentsOf(database),
  };
}

async function contentsOf(database: DatabaseAddress): Promise<unknown> {
  const session = await openSession(database, { applicationName: "test" });
  try {
    return {
      schema: await schemaFingerprint(session, database.dialect),
      users: await select(database, "SELECT * FROM users ORDER BY id"),
      orders: await select(database, "SELECT * FROM orders ORDER BY id"),
    };
  } finally {
    await session.destroy();
  }
}

/** The only migration of a report, or the nth. */
export function nth(report: RehearsalReport, index = 0): RehearsedMigration {
  const migration = report.migrations[index];
  if (migration === undefined) throw new Error(`there is no migration ${index}`);
  return migration;
}

/** What a migration means for a table. */
export function impact(migration: RehearsedMigration, table: string | null) {
  return migration.tables.find((one) => one.table === table);
}
