import type { Knex } from "knex";
import type { GatedStatement } from "../database/statement-gate.ts";
import type { ScriptStatement } from "./script/statement.ts";
import { firstWord, kindOfStatement } from "./statement-kind.ts";

/** A program may write row by row; so many different statements that write rows are kept. */
const mostDataStatements = 1000;

/**
 * What was sent to a database to change it, for those who judge it: definitions and settings all,
 * and of statements that write rows, one of each text.
 */
export class SentStatements {
  readonly #knex: Knex;
  readonly #statements: ScriptStatement[] = [];
  readonly #data = new Set<string>();

  /** @param knex the connection, which knows how values are written */
  constructor(knex: Knex) {
    this.#knex = knex;
  }

  add(statement: GatedStatement): void {
    const { sql } = statement;
    const kind = kindOfStatement(sql);
    if (kind === "data") {
      if (this.#data.size >= mostDataStatements || this.#data.has(sql)) return;
      this.#data.add(sql);
    } else if (kind !== "definition" && firstWord(sql) !== "set") {
      // What is set for the session decides what later statements do; nothing else matters.
      return;
    }
    this.#statements.push({ sql: withValues(this.#knex, statement), line: null });
  }

  /** In the order in which they were sent. */
  list(): ScriptStatement[] {
    return this.#statements;
  }
}

/** Does `work`, and tells what it sent through `knex` to change the database. */
export async function listenToStatements(
  knex: Knex,
  work: () => unknown,
): Promise<ScriptStatement[]> {
  const sent = new SentStatements(knex);
  const listen = ({ sql, bindings = [] }: { sql: string; bindings?: readonly unknown[] }) =>
    sent.add({ sql, bindings });
  knex.on("query", listen);
  try {
    await work();
  } finally {
    knex.removeListener("query", listen);
  }
  return sent.list();
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
