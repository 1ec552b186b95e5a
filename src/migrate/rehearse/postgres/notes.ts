import type { RehearsedMigration } from "../report.ts";

/** What to know about a rehearsal in a transaction of the live database, in sentences. */
export function notesOf(
  migrations: readonly RehearsedMigration[],
  facts: { milliseconds: number; sequences: readonly string[] },
): string[] {
  const notes: string[] = [];
  const impacts = migrations.flatMap(({ tables }) => tables);
  if (impacts.some(({ blocksReaders, blocksWriters }) => blocksReaders + blocksWriters > 0)) {
    notes.push(
      `The locks were real: for up to ${facts.milliseconds} ms others may have waited for them. ` +
        "--on clone tries the migrations on a copy, where nobody waits.",
    );
  }
  const statements = migrations.flatMap((migration) => migration.statements);
  const rows = statements.reduce((sum, statement) => sum + (statement.rows ?? 0), 0);
  if (rows > 0) {
    notes.push(
      `${rows} rows were written and rolled back: on tables that were there before, VACUUM has to clear them away.`,
    );
  }
  if (facts.sequences.length > 0) {
    notes.push(
      `The numbers that ${facts.sequences.toSorted().join(", ")} gave out are not given back.`,
    );
  }
  const isLeftOut = ({ outcome }: RehearsedMigration) => outcome === "notRehearsed";
  const failed = migrations.findIndex(({ outcome }) => outcome === "failed");
  const missing = migrations.slice(0, Math.max(0, failed)).filter(isLeftOut);
  if (missing.length > 0) {
    notes.push(
      `${migrations[failed]?.name} may have failed only because ${missing.map(({ name }) => name).join(", ")} was not rehearsed before it: --on clone rehearses both.`,
    );
  }
  return notes;
}
