import type { ScriptStatement } from "../script/statement.ts";

/** A migration as the lint is given it. */
export interface LintedMigration {
  name: string;
  file: string;
  /** Its statements run in one transaction, as far as the database can. */
  transactional: boolean;
  statements: ScriptStatement[];
  /** The rules that the author allowed for the whole migration. */
  allowed: string[];
  /** What the author declared; null if nothing. */
  compatible: boolean | null;
  /** A program that reads data: what it does with it is not among the statements. */
  readsData: boolean;
  /** Why the program did not come to its end without a database, where it did not. */
  stoppedBy?: string | null;
}
