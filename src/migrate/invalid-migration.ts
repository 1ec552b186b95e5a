import { StudioError, exitCodes } from "../errors.ts";

/** One reason why a migration file cannot be used. */
export interface MigrationFault {
  /** Absolute path. */
  file: string;
  /** From 1; null where the file as such is at fault. */
  line: number | null;
  /** Half a sentence. */
  reason: string;
  hint?: string | undefined;
}

/** A migration file that cannot be used as it stands; nothing was changed. */
export function invalidMigration(
  file: string,
  reason: string,
  line: number | null = null,
  hint?: string,
): StudioError {
  return invalidMigrations([{ file, line, reason, hint }]);
}

const correct = (what: string) =>
  `Correct the ${what}, then run the command again. Nothing was changed.`;

/** Everything that is wrong with migration files, at once; one fault at least. */
export function invalidMigrations(faults: readonly MigrationFault[]): StudioError {
  const [first = { file: "", line: null, reason: "" }] = faults;
  const [hint] = faults.flatMap((fault) => fault.hint ?? []);
  const shown = faults.map((fault) => `${placeOf(fault)}: ${fault.reason}`);
  return new StudioError({
    code: "migration.invalid",
    message:
      faults.length === 1
        ? `The migration ${placeOf(first)} cannot be used: ${first.reason}.`
        : `${faults.length} faults in migrations:\n${shown.join("\n")}`,
    hint: hint ?? correct(faults.length === 1 ? "file" : "files"),
    exitCode: exitCodes.usage,
    details: {
      file: first.file,
      line: first.line,
      faults: faults.map(({ file, line, reason }) => ({ file, line, reason })),
    },
  });
}

/** What `invalidMigration` was told, or null for any other error. */
export function faultsOf(error: unknown): MigrationFault[] | null {
  if (!(error instanceof StudioError) || error.code !== "migration.invalid") return null;
  const { faults } = error.details as { faults: MigrationFault[] };
  return faults.map((fault) => ({ ...fault, hint: error.hint }));
}

function placeOf({ file, line }: MigrationFault): string {
  return line === null ? file : `${file}:${line}`;
}
