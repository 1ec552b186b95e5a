import type { Dialect } from "../../database/address.ts";
import type { SchemaAction } from "./actions.ts";
import { excerptOf, mentionsPassword } from "./excerpt.ts";
import type { KnownSchema } from "./known-schema.ts";
import { allowedRules, readLeadingComments } from "./leading-comments.ts";
import { tablesLockedBy } from "./locks.ts";
import type { LintedMigration } from "./migration.ts";
import { isDefinition, isOfNew, isOfRows } from "./newness.ts";
import type { ReadStatement, StatementReader } from "./reader.ts";
import type { JudgedStatement, MigrationProblem, Rule, Scene } from "./rule.ts";

export interface JudgedProblem extends MigrationProblem {
  rule: Rule;
}

export interface JudgedMigration {
  migration: LintedMigration;
  statements: readonly (JudgedStatement & { excerpt: string; line: number | null })[];
  problems: JudgedProblem[];
}

export interface Bench {
  dialect: Dialect;
  rules: readonly Rule[];
  /** Takes in what each statement does. */
  known: KnownSchema;
  read: StatementReader;
}

type PreparedStatement = ReadStatement &
  Omit<JudgedStatement, "changes" | "locks"> & {
    excerpt: string;
    line: number | null;
  };

/** Reads one migration and lets every rule judge it. */
export function judgeMigration(migration: LintedMigration, bench: Bench): JudgedMigration {
  const prepared = migration.statements.map(({ sql, line }) => prepare(sql, line, bench));
  const walk = new MigrationWalk(migration, bench, prepared);
  const statements = prepared.map((statement, index) => ({
    ...statement,
    ...walk.judgeStatement(index),
  }));
  const ofMigration = bench.rules.flatMap((rule) => {
    const found = rule.checkMigration?.({ migration, dialect: bench.dialect, statements }) ?? [];
    return found.map((problem) => ({ ...problem, rule }));
  });
  return { migration, statements, problems: [...walk.problems, ...ofMigration] };
}

function prepare(sql: string, line: number | null, { dialect, read }: Bench): PreparedStatement {
  const { comments, end } = readLeadingComments(sql, dialect);
  const skippedLines = sql.slice(0, end).split("\n").length - 1;
  const statement = read(sql);
  return {
    ...statement,
    actions: mentionsPassword(sql) ? statement.actions.map(withoutReason) : statement.actions,
    isEmpty: end === sql.length,
    allowed: allowedRules(comments),
    excerpt: excerptOf(sql.slice(end)),
    line: line === null ? null : line + skippedLines,
  };
}

/** The parser's message may repeat a part of the statement. */
function withoutReason(action: SchemaAction): SchemaAction {
  if (action.kind !== "unreadable") return action;
  return { kind: "unreadable", reason: "what is wrong may hold a password, and is not shown" };
}

/** Goes through the actions of one migration in order. */
class MigrationWalk {
  readonly problems: JudgedProblem[] = [];
  readonly #migration: LintedMigration;
  readonly #bench: Bench;
  readonly #statements: readonly PreparedStatement[];
  readonly #actions: readonly SchemaAction[];
  /** The statement that took the lock, by table. */
  readonly #locks = new Map<string, string>();
  readonly #settings = new Map<string, string>();
  /** What was found already: two actions of a statement may come to the same. */
  readonly #said = new Set<string>();
  #position = 0;

  constructor(migration: LintedMigration, bench: Bench, statements: readonly PreparedStatement[]) {
    this.#migration = migration;
    this.#bench = bench;
    this.#statements = statements;
    this.#actions = statements.flatMap(({ actions }) => actions);
  }

  judgeStatement(index: number): Pick<JudgedStatement, "changes" | "locks"> {
    const statement = this.#statements[index];
    const locks = new Set<string>();
    const changes = new Set<"definition" | "rows">();
    for (const action of statement?.actions ?? []) {
      this.#position += 1;
      const { known } = this.#bench;
      this.#judgeAction(action, index);
      if (!isOfNew(action, known)) {
        if (isDefinition(action)) changes.add("definition");
        if (isOfRows(action)) changes.add("rows");
      }
      const locked = tablesLockedBy(action).filter((table) => !known.isNewTable(table));
      for (const table of locked) {
        locks.add(table);
        const key = known.key(table);
        if (!this.#locks.has(key)) this.#locks.set(key, statement?.excerpt ?? "");
      }
      if (action.kind === "setting") this.#settings.set(action.name, action.value);
      known.apply(action);
    }
    return { changes, locks: [...locks] };
  }

  #judgeAction(action: SchemaAction, index: number): void {
    const isNew = isOfNew(action, this.#bench.known);
    const scene = this.#scene(index);
    for (const rule of this.#bench.rules) {
      const mayHurt = !isNew || (rule.effect !== "breaks" && rule.effect !== "blocks");
      const problem = mayHurt ? rule.checkAction?.(action, scene) : null;
      const said = `${index} ${rule.name} ${problem?.message ?? ""}`;
      if (problem == null || this.#said.has(said)) continue;
      this.#said.add(said);
      this.problems.push({ ...problem, rule, statement: index });
    }
  }

  #scene(index: number): Scene {
    const { dialect, known } = this.#bench;
    const { transactional } = this.#migration;
    const position = this.#position;
    const locksLast = transactional && dialect === "postgres";
    return {
      dialect,
      known,
      transactional,
      statement: this.#statements[index] ?? { actions: [], online: false, constants: new Set() },
      later: () => this.#actions.slice(position),
      lockedBy: (table) => (locksLast ? (this.#locks.get(known.key(table)) ?? null) : null),
      setting: (name) => this.#settings.get(name) ?? null,
    };
  }
}
