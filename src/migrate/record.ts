import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { createClient } from "../database/client.ts";
import type { GatedStatement, StatementGate } from "../database/statement-gate.ts";
import { reasonOf } from "../errors.ts";
import type { MigrationDirection } from "./failure.ts";
import { type MigrationModule, loadMigration } from "./module.ts";
import type { ScriptStatement } from "./script/statement.ts";
import type { MigrationListing } from "./source.ts";
import { firstWord, kindOfStatement } from "./statement-kind.ts";

/** The statements of one migration, as far as they can be known without running it. */
export interface RecordedMigration {
  name: string;
  file: string;
  transactional: boolean;
  statements: ScriptStatement[];
  /** As the author declared; null: nothing. */
  compatible: boolean | null;
  /** Rules of the lint that the author allows. */
  allowed: string[];
  /** A program that asks for data, of which there is none here: what it does with it is not seen. */
  readsData: boolean;
  /** Why the program did not come to its end here, where it did not. */
  stoppedBy: string | null;
}

export interface RecordRequest {
  dialect: Dialect;
  /** All migrations, sorted by name: on SQLite, a program is run on what those before it make. */
  migrations: MigrationListing[];
  /** Names of those to record. */
  wanted: readonly string[];
  direction?: MigrationDirection;
}

type Recording = Pick<RecordedMigration, "statements" | "readsData" | "stoppedBy">;

/**
 * Finds out which statements migrations would issue. Nothing is changed and no database is needed:
 * an SQL file is read; a program runs against nothing, or, on SQLite, against a database in memory.
 */
export async function recordMigrations(request: RecordRequest): Promise<RecordedMigration[]> {
  const { dialect, migrations, wanted, direction = "up" } = request;
  const recorder = await createRecorder(dialect);
  const recorded: RecordedMigration[] = [];
  try {
    for (const migration of migrations) {
      const { name, file } = migration;
      const isWanted = wanted.includes(name);
      if (!isWanted && dialect !== "sqlite") continue;
      const module = await loadMigration(migration, dialect);
      const up = await recorder.run((knex) => module.up(knex));
      if (!isWanted) continue;
      const { transactional, compatible, allow: allowed } = module;
      const known = { name, file, transactional, compatible, allowed };
      const recording = direction === "up" ? up : await recorder.run((knex) => module.down?.(knex));
      recorded.push({ ...known, ...(written(module, direction) ?? recording) });
      // Those after it build on it.
      if (direction === "down") await recorder.run((knex) => module.up(knex));
    }
    return recorded;
  } finally {
    await recorder.close();
  }
}

/** What an SQL file says by itself. */
function written({ statements }: MigrationModule, direction: MigrationDirection): Recording | null {
  const list = statements?.[direction] ?? null;
  return list === null ? null : { statements: list, readsData: false, stoppedBy: null };
}

interface Recorder {
  run(work: (knex: Knex) => unknown): Promise<Recording>;
  close(): Promise<void>;
}

async function createRecorder(dialect: Dialect): Promise<Recorder> {
  let seen: GatedStatement[] = [];
  const inMemory = dialect === "sqlite";
  const gate: StatementGate = async (statement, passage) => {
    seen.push(statement);
    if (inMemory) await passage.run();
  };
  const knex = await createClient(
    { dialect, file: inMemory ? ":memory:" : null, url: "" },
    {
      pool: { min: 0, max: 1 },
      prepareSqlite: (connection) => void connection.pragma("foreign_keys = OFF"),
      applicationName: "studio",
      gate,
      isUnconnected: !inMemory,
    },
  );
  return {
    async run(work) {
      seen = [];
      let stoppedBy: string | null = null;
      try {
        await work(knex);
      } catch (error) {
        stoppedBy = reasonOf(error);
      }
      const statements = seen
        .filter(({ sql }) => isChange(sql))
        .map((statement) => ({ sql: withValues(knex, statement), line: null }));
      return { statements, readsData: seen.some(({ sql }) => asksForData(sql)), stoppedBy };
    },
    close: () => knex.destroy(),
  };
}

function isChange(sql: string): boolean {
  const kind = kindOfStatement(sql);
  // What is set for the session decides what later statements do.
  return kind === "data" || kind === "definition" || firstWord(sql) === "set";
}

/** The query builder itself asks which tables and columns there are. */
function asksForData(sql: string): boolean {
  const asks = ["select", "with", "values", "table"].includes(firstWord(sql));
  return asks && !/sqlite_master|information_schema|pg_catalog|to_regclass/i.test(sql);
}

/** The statement as a person would type it. */
function withValues(knex: Knex, { sql, bindings }: GatedStatement): string {
  if (bindings.length === 0) return sql;
  const client = knex.client as { _escapeBinding(value: unknown): string };
  // oxlint-disable-next-line no-underscore-dangle
  const text = bindings.map((value) => client._escapeBinding(value));
  let next = 0;
  return /\$\d/.test(sql)
    ? sql.replace(/\$(\d+)/g, (whole, number: string) => text[Number(number) - 1] ?? whole)
    : sql.replaceAll("?", (whole) => text[next++] ?? whole);
}
