import type { Dialect } from "../../database/address.ts";
import type { ActionKind, ActionOf, SchemaAction } from "./actions.ts";
import type { Effect, Level } from "./finding.ts";
import type { KnownSchema } from "./known-schema.ts";
import type { LintedMigration } from "./migration.ts";
import type { ReadStatement } from "./reader.ts";

/** What is wrong with an action or a migration. */
export interface Problem {
  message: string;
  rewrite: string;
  /** Where it differs from the rule's. */
  level?: Level;
}

/** A problem of a whole migration. */
export interface MigrationProblem extends Problem {
  /** The statement that shows it; null for the migration as such. */
  statement: number | null;
}

/** What a rule may look at besides the action itself. */
export interface Scene {
  dialect: Dialect;
  /** The schema just before the action. */
  known: KnownSchema;
  transactional: boolean;
  statement: ReadStatement;
  /** The actions of the same migration that come later. */
  later: () => readonly SchemaAction[];
  /**
   * The statement of the same transaction that took a lock on the table which writers, or readers
   * too, wait for; null if there is none.
   */
  lockedBy: (table: string) => string | null;
  /** What the migration has set a variable of the session to. */
  setting: (name: string) => string | null;
}

export interface JudgedStatement extends ReadStatement {
  /** Nothing but comments. */
  isEmpty: boolean;
  /** What it changes of a thing that was there before the set. */
  changes: ReadonlySet<"definition" | "rows">;
  /** The tables that were there before the set, and that it locks to the end of a transaction. */
  locks: readonly string[];
  /** The rules that its own comment allows. */
  allowed: readonly string[];
}

export interface ReadMigration {
  migration: LintedMigration;
  dialect: Dialect;
  statements: readonly JudgedStatement[];
}

export interface Rule {
  /** What an author writes after `-- studio: allow`. */
  name: string;
  /** What it finds and why that matters, as one sentence. */
  summary: string;
  effect: Effect;
  level: Level;
  dialects: readonly Dialect[];
  checkAction?: (action: SchemaAction, scene: Scene) => Problem | null;
  checkMigration?: (migration: ReadMigration) => MigrationProblem[];
}

/** A check of the actions of these kinds. */
export function onAction<Kind extends ActionKind>(
  kinds: readonly Kind[],
  check: (action: ActionOf<Kind>, scene: Scene) => Problem | null,
): (action: SchemaAction, scene: Scene) => Problem | null {
  const isMeant = (action: SchemaAction): action is ActionOf<Kind> =>
    (kinds as readonly ActionKind[]).includes(action.kind);
  return (action, scene) => (isMeant(action) ? check(action, scene) : null);
}

/** How the author tells that a statement is meant, once the way there was gone. */
export function allowing(rule: string): string {
  return `-- studio: allow ${rule} REASON`;
}
