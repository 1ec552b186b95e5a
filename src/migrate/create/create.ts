import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf, systemCode, usageError } from "../../errors.ts";
import { nameMigrations } from "../migration-names.ts";
import { nextTime } from "../next-time.ts";
import { type MigrationContent, sqlText, typescriptText } from "./template.ts";
import { wordsOf } from "./words.ts";

export type CreateMigrationRequest = {
  /** Absolute path; made where it does not exist. */
  directory: string;
  /** Any text that says what the migration does. */
  words: string;
  now: Date;
} & ({ kind: "ts" } | { kind: "sql"; content?: MigrationContent });

export interface CreatedMigration {
  name: string;
  /** Absolute paths. */
  files: string[];
}

/** How many others may take a name away while one is looked for. */
const attempts = 20;

/**
 * Writes a new migration `<UTC time>-<words>` that comes after all there are in the folder. No file
 * is ever replaced.
 * @throws StudioError (exit 2) on words without a letter, or a folder that cannot be written to
 */
export async function createMigration(request: CreateMigrationRequest): Promise<CreatedMigration> {
  const { directory, kind } = request;
  const words = wordsOf(request.words);
  const text = kind === "ts" ? typescriptText : sqlText(request.content ?? null);
  try {
    mkdirSync(directory, { recursive: true });
    for (let attempt = 1; ; attempt++) {
      const name = `${nextTime(request.now, latestIn(directory))}-${words}`;
      const file = join(directory, `${name}.${kind}`);
      if (write(file, text, attempt === attempts)) return { name, files: [file] };
    }
  } catch (error) {
    if (systemCode(error) === "usage") throw error;
    throw usageError(
      `No migration can be written into ${directory}: ${reasonOf(error)}.`,
      "Correct migrate.directory in studio.yaml, or the rights of the folder.",
    );
  }
}

/** The greatest name there is; files with other names do not count. */
function latestIn(directory: string): string | null {
  const { migrations } = nameMigrations(directory, readdirSync(directory));
  return (
    migrations
      .map(({ name }) => name)
      .toSorted()
      .at(-1) ?? null
  );
}

/** @returns false where another one has just written a file of that name */
function write(file: string, text: string, isLast: boolean): boolean {
  try {
    writeFileSync(file, text, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST" && !isLast) return false;
    throw error;
  }
}
