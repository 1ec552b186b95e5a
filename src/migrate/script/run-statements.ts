import type { Knex } from "knex";
import type { Dialect } from "../../database/address.ts";
import { systemCode } from "../../errors.ts";
import { markPlace } from "../error-place.ts";
import { Script } from "./script.ts";
import { findStatements } from "./split.ts";
import type { ScriptStatement } from "./statement.ts";

/**
 * Runs statements one by one, each as it is written.
 * @param source the file they come from: the error of one that fails is marked with its place
 */
export async function runStatements(
  knex: Knex,
  statements: readonly ScriptStatement[],
  source: { file: string; dialect: Dialect },
): Promise<void> {
  await withoutBindings(knex, async () => {
    for (const statement of statements) {
      try {
        await knex.raw(statement.sql);
      } catch (error) {
        if (error instanceof Error) describe(error, statement, source);
        throw error;
      }
    }
  });
}

/**
 * knex takes question marks for places of values, and drops the backslashes before them, also where
 * they are operators (`?|`) or text (`'\?'`). Escaping cannot bring such backslashes back, so it is
 * kept from looking for them.
 */
async function withoutBindings(knex: Knex, work: () => Promise<void>): Promise<void> {
  const client = knex.client as { positionBindings?: (sql: string) => string };
  client.positionBindings = (sql) => sql;
  try {
    await work();
  } finally {
    // What is left is that of the client's class.
    delete client.positionBindings;
  }
}

function describe(
  error: Error,
  statement: ScriptStatement,
  { file, dialect }: { file: string; dialect: Dialect },
): void {
  // knex puts the statement before what the database says; it may be long, and hold secrets.
  const prefix = `${statement.sql} - `;
  if (error.message.startsWith(prefix)) error.message = error.message.slice(prefix.length);
  if (statement.line === null) return;
  const line = statement.line + linesBefore(error, statement.sql, dialect);
  markPlace(error, { file, line });
}

/** How many lines after the statement's first the error is, as exactly as the database tells. */
function linesBefore(error: Error, sql: string, dialect: Dialect): number {
  const { position } = error as { position?: unknown };
  if (dialect === "postgres" && typeof position === "string") {
    const characters = Array.from(sql).slice(0, Number(position) - 1);
    return characters.filter((character) => character === "\n").length;
  }
  if (dialect === "mysql" && systemCode(error) === "ER_PARSE_ERROR") {
    const [, line] = / at line (\d+)$/.exec(error.message) ?? [];
    if (line !== undefined) return Number(line) - 1;
  }
  const script = new Script(sql, "");
  for (const found of findStatements(script, dialect)) {
    if (found.type === "statement") return script.lineAt(found.body) - 1;
  }
  return 0;
}
