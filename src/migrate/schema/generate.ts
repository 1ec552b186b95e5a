import { usageError } from "../../errors.ts";
import { compareSchemas } from "./compare.ts";
import type { Step } from "./generate/step.ts";
import { planFiles } from "./generate/plan.ts";
import { type PossibleRename, possibleRenames } from "./generate/possible-renames.ts";
import { applyRenames, readRenames } from "./generate/renames.ts";
import { settleUnsupported } from "./generate/unsupported.ts";
import type { Schema } from "./model.ts";

export type { PossibleRename } from "./generate/possible-renames.ts";

export interface GeneratedStatement extends Step {
  /**
   * It loses data, or (in `down`) takes back one that does: to be written commented out. One in
   * `up` and its counterpart in `down` belong together.
   */
  destructive: boolean;
  /** It can only be run once a person has done what the comment says: to be commented out too. */
  suggested: boolean;
}

export interface GeneratedFile {
  /** For the file's name: lower-case words with hyphens, `add-users`. */
  words: string;
  /**
   * False: the file has one statement, which cannot run in a transaction. True also on MySQL, where
   * each statement commits what came before it.
   */
  transactional: boolean;
  up: GeneratedStatement[];
  down: GeneratedStatement[];
  /** What whoever reads the migration should know. */
  notes: string[];
}

export interface GeneratedMigration {
  /** In the order in which they are to be applied; none where nothing is different. */
  files: GeneratedFile[];
  /** Drops and additions of like type that may be renames, for a person to decide. */
  possibleRenames: PossibleRename[];
  /** What is different and cannot be generated. */
  notes: string[];
}

export interface GenerateInput {
  /** As read from the database. */
  live: Schema;
  declared: Schema;
  /** Decisions: `users.email:users.mail` for a column, `users:people` for a table. */
  renames?: readonly string[];
}

/**
 * The migration that turns the live schema into the declared one. Statements are in an order that
 * works; on SQLite they need foreign keys to be off. Applied without what is commented out, it
 * loses nothing, and `down` takes back what `up` did.
 * @throws StudioError (exit 2) for a rename of what is not there, or for two dialects
 */
export function generateMigration({
  live,
  declared,
  renames = [],
}: GenerateInput): GeneratedMigration {
  if (live.dialect !== declared.dialect) {
    throw usageError(
      `The schema file is written for ${declared.dialect}, and the database is ${live.dialect}.`,
      `Set dialect: ${live.dialect} in the schema file, or use another database.`,
    );
  }
  const decisions = readRenames(renames, live, declared);
  const renamed = applyRenames(live, decisions);
  const { target, notes } = settleUnsupported(renamed, declared);
  const isSame = decisions.length === 0 && compareSchemas(renamed, target).length === 0;
  return {
    files: isSame ? [] : planFiles({ live, renamed, target, decisions }),
    possibleRenames: possibleRenames(renamed, target),
    notes,
  };
}
