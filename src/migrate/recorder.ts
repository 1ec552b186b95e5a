import type { Knex } from "knex";
import type { Dialect } from "../database/address.ts";
import { createClient } from "../database/client.ts";
import type { StatementGate } from "../database/statement-gate.ts";
import { SentStatements } from "./sent-statements.ts";
import { firstWord } from "./statement-kind.ts";

/** What a program sent so far. */
export interface SeenStatements {
  statements: SentStatements;
  readsData: boolean;
}

/** A connection to a database that is not there. */
export interface Recorder {
  knex: Knex;
  /** From here on, what is sent is another program's. */
  begin(): SeenStatements;
  close(): Promise<void>;
}

/**
 * A connection that answers every question with nothing. On SQLite, where the query builder rebuilds
 * tables from what it finds, it leads to a database in memory with the present schema.
 */
export async function openRecorder(
  dialect: Dialect,
  present: readonly string[],
): Promise<Recorder> {
  const inMemory = dialect === "sqlite";
  let seen: SeenStatements | null = null;
  const gate: StatementGate = async (statement, passage) => {
    seen?.statements.add(statement);
    if (seen !== null && asksForData(statement.sql)) seen.readsData = true;
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
  if (inMemory) await rebuild(knex, present);
  return {
    knex,
    begin() {
      seen = { statements: new SentStatements(knex), readsData: false };
      return seen;
    },
    close: () => knex.destroy(),
  };
}

async function rebuild(knex: Knex, present: readonly string[]): Promise<void> {
  for (const sql of present) {
    // One that needs an extension of the operator's cannot be made here; the others can.
    await knex.raw(sql.replaceAll("?", "\\?")).catch(() => {});
  }
}

/** The query builder itself asks which tables and columns there are. */
function asksForData(sql: string): boolean {
  const asks = ["select", "with", "values", "table"].includes(firstWord(sql));
  return asks && !/sqlite_master|information_schema|pg_catalog|to_regclass/i.test(sql);
}
