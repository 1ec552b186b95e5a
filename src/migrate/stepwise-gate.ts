import { createHash } from "node:crypto";
import type { Dialect } from "../database/address.ts";
import type { GatedStatement, Passage, StatementGate } from "../database/statement-gate.ts";
import { StudioError, exitCodes } from "../errors.ts";
import { type JournaledProgress, journalTable } from "./journal.ts";
import { kindOfStatement, transactionChange } from "./statement-kind.ts";

export interface StepwiseOptions {
  dialect: Dialect;
  /** Of the migration whose row tells how far it is. */
  name: string;
  /** Where an earlier run stopped. */
  progress: JournaledProgress;
  /** What the schema is now; the same text for the same schema. */
  fingerprint(): Promise<string>;
  /** Removes what an interrupted statement leaves behind without having taken effect. */
  cleanUp(sql: string): Promise<void>;
  /** Runs a statement, again where it only had to give way to others. */
  patiently(sql: string, run: () => Promise<void>): Promise<void>;
  /** Throws where the migration should not go on. */
  mayGoOn(): Promise<void>;
}

/** Where a migration starts whose statements are committed one by one. */
export const noStatements: JournaledProgress = { done: 0, trail: "", before: null };

/**
 * Journals each statement of a migration that is committed statement by statement, so that it can
 * go on where it stopped: what is done is not done again. A change of rows shares a transaction with
 * the journal. For anything else the schema is noted before; whether it took effect is seen from
 * whether the schema is still the same (the server makes each such statement whole or not at all).
 */
export function stepwiseGate(options: StepwiseOptions): StatementGate {
  const { progress } = options;
  let position = 0;
  let trail = "";
  let inTransaction = false;
  return async (statement, passage) => {
    const kind = kindOfStatement(statement.sql);
    if (kind === "control") {
      const change = transactionChange(statement.sql);
      if (change !== null) inTransaction = change === "opens";
    }
    if (kind === "control" || kind === "read") return passage.run();
    position += 1;
    const before = trail;
    trail = extendTrail(trail, statement);
    if (position <= progress.done) {
      if (position === progress.done && trail !== progress.trail)
        throw changedHalfWay(options.name, position);
      return;
    }
    await options.mayGoOn();
    const step = { done: position, trail, before: null };
    if (position === progress.done + 1 && progress.before !== null) {
      await options.cleanUp(statement.sql);
      if ((await options.fingerprint()) !== progress.before) return mark(options, passage, step);
    }
    if (inTransaction && (kind === "data" || options.dialect !== "mysql")) {
      await passage.run();
      return mark(options, passage, step);
    }
    if (kind === "data") return inOneTransaction(options, statement, passage, step);
    await mark(options, passage, {
      done: position - 1,
      trail: before,
      before: await options.fingerprint(),
    });
    await options.patiently(statement.sql, () => passage.run());
    await mark(options, passage, step);
  };
}

/** The migration does not issue the statements any more that it issued before it stopped. */
function changedHalfWay(name: string, done: number): StudioError {
  return new StudioError({
    code: "migration.changedHalfWay",
    message:
      `The migration ${name} stopped half-way, and the first ${done} of its statements are not those ` +
      "any more that were committed then. Nothing was done.",
    hint:
      "Put those statements back as they were, and correct only what comes after them; or finish or " +
      `undo it by hand, and say so: \`studio migrate repair --applied ${name}\` or \`--reverted ${name}\`.`,
    exitCode: exitCodes.checkFailed,
    details: { name, done },
  });
}

async function inOneTransaction(
  options: StepwiseOptions,
  { sql }: GatedStatement,
  passage: Passage,
  step: JournaledProgress,
): Promise<void> {
  await options.patiently(sql, async () => {
    await passage.query("BEGIN");
    try {
      await passage.run();
      await mark(options, passage, step);
      await passage.query("COMMIT");
    } catch (error) {
      // The connection may be gone, and with it the transaction.
      await passage.query("ROLLBACK").catch(() => {});
      throw error;
    }
  });
}

async function mark(
  { dialect, name }: StepwiseOptions,
  passage: Passage,
  { done, trail, before }: JournaledProgress,
): Promise<void> {
  const [first, second, third, fourth] =
    dialect === "postgres" ? ["$1", "$2", "$3", "$4"] : ["?", "?", "?", "?"];
  await passage.query(
    `UPDATE ${journalTable} SET statement_index = ${first}, statement_trail = ${second}, schema_before = ${third} WHERE name = ${fourth}`,
    [done, trail, before, name],
  );
}

/** SHA-256 over all statements so far, with the values that were bound. */
function extendTrail(trail: string, { sql, bindings }: GatedStatement): string {
  const values = JSON.stringify(bindings, (_key, value: unknown) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  return createHash("sha256").update(`${trail}\0${sql}\0${values}`).digest("hex");
}
