import type { LintedMigration } from "../../../../src/migrate/lint/lint.ts";

/** A migration of these statements, one to a line, with nothing declared. */
export function migrationOf(
  statements: string[],
  changes: Partial<LintedMigration> = {},
): LintedMigration {
  return {
    name: "20260101T000000Z-change",
    file: "/project/migrations/20260101T000000Z-change.sql",
    transactional: true,
    statements: statements.map((sql, index) => ({ sql, line: index + 1 })),
    allowed: [],
    compatible: null,
    readsData: false,
    ...changes,
  };
}
