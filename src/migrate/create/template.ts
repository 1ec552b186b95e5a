import { readDirective } from "../script/directive.ts";

/** A statement to be written into a migration. */
export interface DraftStatement {
  /** Without a semicolon at its end. */
  sql: string;
  /** Why it is written as a comment (or nothing more to say), for a person to decide; null: it is to run. */
  heldBack: string | null;
}

/** What a migration in SQL is to hold. */
export interface MigrationContent {
  up: DraftStatement[];
  /** Empty: there is no way back. */
  down: DraftStatement[];
  transactional: boolean;
  /** For who reads it, at its head. */
  notes: string[];
}

const explanation = [
  "After up stands what is applied, after down what takes it back; without that, nothing can.",
  "Up here may stand, each after `-- studio:` on a line of its own: no-transaction (of one statement",
  "each way), compatible true or false (for the release before), allow RULE and the reason.",
];

/** The text of a migration in SQL, with both sections. */
export function sqlText(content: MigrationContent | null): string {
  const { up, down, transactional, notes } = content ?? emptyContent;
  if (!transactional && [up, down].some((list) => list.filter(isActive).length > 1)) {
    throw new Error("a migration without a transaction has one statement each way");
  }
  const head = [
    ...(transactional ? [] : ["-- studio: no-transaction"]),
    ...[...notes, ...(content === null ? explanation : [])].flatMap(comment),
  ];
  const sections = ["-- studio: up", ...up.flatMap(draft), "", "-- studio: down"];
  const lines = [...head, ...(head.length === 0 ? [] : [""]), ...sections, ...down.flatMap(draft)];
  return `${lines.join("\n")}\n`;
}

const emptyContent: MigrationContent = { up: [], down: [], transactional: true, notes: [] };

function isActive({ heldBack }: DraftStatement): boolean {
  return heldBack === null;
}

function draft({ sql, heldBack }: DraftStatement): string[] {
  const lines = sql.trim().split(/\r?\n/);
  const last = lines.at(-1) ?? "";
  // A semicolon behind a comment would be part of it.
  const ended = /--|#/.test(last) ? [...lines, ";"] : [...lines.slice(0, -1), `${last};`];
  if (heldBack === null) return ended;
  return [...(heldBack === "" ? [] : comment(heldBack)), ...ended.flatMap(comment)];
}

/** A text as comments, of which none is a directive. */
function comment(text: string): string[] {
  return text.split(/\r?\n/).map((line) => {
    const plain = `-- ${line}`.trimEnd();
    return readDirective(plain) === null ? plain : `-- | ${line}`;
  });
}

/** The text of a migration in TypeScript. Unwritten, it fails rather than be taken for done. */
export const typescriptText = `import type { Knex } from "knex";

export async function up(knex: Knex): Promise<void> {
  // await knex.schema.createTable("users", (table) => {
  //   table.increments("id");
  // });
  throw new Error("up is not written yet");
}

/** Takes up back. Without it, nothing can. */
export async function down(knex: Knex): Promise<void> {
  // await knex.schema.dropTable("users");
  throw new Error("down is not written yet");
}
`;
