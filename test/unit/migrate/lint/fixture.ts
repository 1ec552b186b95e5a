import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Dialect } from "../../../../src/database/address.ts";
import type { LintInput, LintedMigration } from "../../../../src/migrate/lint/lint.ts";

export interface Fixture {
  input: LintInput;
  /** The rules that it meets besides the one it is for. */
  also: string[];
}

/**
 * Reads a fixture. Statements stand between blank lines; a comment of its own line says what the
 * statements after it are:
 * - `-- applied before:` the history of the database;
 * - `-- migration…:` one more migration, `without a transaction`, `declared compatible` or
 *   `that reads data`;
 * - `-- also: rule, rule` other rules that it meets.
 */
export function readFixture(file: string, dialect: Dialect): Fixture {
  const text = readFileSync(file, "utf8");
  const present: string[] = [];
  const input: LintInput = { dialect, migrations: [], present };
  const also: string[] = [];
  let add: ((sql: string, line: number) => void) | null = null;
  const beginMigration = (words: string): void => {
    const migration = emptyMigration(file, input.migrations.length, words);
    input.migrations.push(migration);
    add = (sql, at) => migration.statements.push({ sql, line: at });
  };
  let line = 1;
  for (const paragraph of text.split(/\n{2,}/)) {
    const lines = paragraph.trim().split("\n");
    while (lines[0] !== undefined) {
      const [, others] = /^-- also: (.+)$/.exec(lines[0]) ?? [];
      const [, words] = /^-- (migration.*|applied before):$/.exec(lines[0]) ?? [];
      if (others !== undefined) also.push(...others.split(", "));
      else if (words === "applied before") add = (sql) => present.push(sql);
      else if (words !== undefined) beginMigration(words);
      else break;
      lines.shift();
      line += 1;
    }
    if (add === null && lines.length > 0) beginMigration("");
    const sql = lines.join("\n").replace(/;$/, "");
    if (sql !== "") add?.(sql, line);
    line += lines.length + 1;
  }
  return { input, also };
}

function emptyMigration(file: string, index: number, words: string): LintedMigration {
  return {
    name: `${basename(file, ".sql")}-${index + 1}`,
    file,
    transactional: !words.includes("without a transaction"),
    statements: [],
    allowed: [],
    compatible: words.includes("declared compatible") ? true : null,
    readsData: words.includes("that reads data"),
  };
}
