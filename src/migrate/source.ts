import { readFileSync, readdirSync, realpathSync } from "node:fs";
import type { Dialect } from "../database/address.ts";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import { checksumOfFiles, readShippedChecksums } from "./checksum.ts";
import { type MigrationFault, faultsOf, invalidMigrations } from "./invalid-migration.ts";
import { type NamedMigration, nameMigrations } from "./migration-names.ts";
import { loadMigration } from "./module.ts";

/** Whose migration it is: studio's own schema, or the operator's project. */
export type MigrationOrigin = "studio" | "project";

/** What is known of a migration before its content is looked at. */
export interface MigrationListing {
  /** The file's name without its extension: `20261120T210500Z-add-users`. */
  name: string;
  /** Absolute path; of a pair, that of the file for up. */
  file: string;
  /** Absolute paths of all the files it consists of. */
  files: string[];
  /** SHA-256 of the source, see `checksumOf` and `checksumOfFiles`. */
  checksum: string;
  origin: MigrationOrigin;
}

export interface MigrationFile extends MigrationListing {
  /** May the release before it run on the schema after it? As declared; null: nothing is said. */
  compatible: boolean | null;
  /** It has a `down`. */
  reversible: boolean;
}

export interface MigrationFolder {
  folder: string;
  origin: MigrationOrigin;
}

/**
 * Loads the content of migrations, which takes a while for many: those that are to be executed.
 * Fails with `migration.invalid` (exit 2) on files whose content cannot be used; all that is wrong
 * is told at once.
 * @param dialect how migrations in SQL are read
 */
export async function loadMigrations(
  listings: MigrationListing[],
  dialect: Dialect,
): Promise<MigrationFile[]> {
  const migrations: MigrationFile[] = [];
  const faults: MigrationFault[] = [];
  for (const listing of listings) {
    try {
      const module = await loadMigration(listing, dialect);
      const { compatible } = module;
      migrations.push({ ...listing, compatible, reversible: module.down !== undefined });
    } catch (error) {
      const found = faultsOf(error);
      if (found === null) throw error;
      faults.push(...found);
    }
  }
  if (faults.length > 0) throw invalidMigrations(faults);
  return migrations;
}

/**
 * The migrations of all folders, sorted by name; their content is not looked at. A folder that does
 * not exist holds none; one named twice counts once, as what it was named first.
 * Fails with `migration.invalid` (exit 2) on bad or repeated names, all told at once.
 */
export function listMigrations(folders: MigrationFolder[]): MigrationListing[] {
  const found: MigrationListing[] = [];
  const faults: MigrationFault[] = [];
  const seen = new Set<string>();
  for (const { folder, origin } of folders) {
    const real = realFolder(folder);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    const content = readFolder(real, origin);
    found.push(...content.migrations);
    faults.push(...content.faults);
  }
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const [index, { name, file }] of found.entries()) {
    const previous = found[index - 1];
    if (previous?.name !== name) continue;
    faults.push({ file, line: null, reason: `${previous.file} has the same name` });
  }
  if (faults.length > 0) throw invalidMigrations(faults);
  return found;
}

function realFolder(folder: string): string | null {
  try {
    return realpathSync(folder);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw unreadable(folder, error);
  }
}

function readFolder(
  folder: string,
  origin: MigrationOrigin,
): { migrations: MigrationListing[]; faults: MigrationFault[] } {
  const entries = reading(folder, () => readdirSync(folder, { withFileTypes: true }));
  const names = entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name);
  const { migrations: named, faults } = nameMigrations(folder, names);
  const shipped = reading(folder, () => readShippedChecksums(folder));
  const migrations: MigrationListing[] = [];
  for (const one of named) {
    const { name, files } = one;
    const [file] = files;
    const checksum = checksumOfNamed(one, shipped);
    if (checksum !== null) migrations.push({ name, file, files, checksum, origin });
    else faults.push({ file, line: null, reason: "the checksums.json beside it does not list it" });
  }
  return { migrations, faults };
}

/** Null where a list of checksums lies beside a compiled migration and does not have it. */
function checksumOfNamed(
  { name, files }: NamedMigration,
  shipped: Map<string, string> | null,
): string | null {
  if (shipped !== null && files[0].endsWith(".js")) return shipped.get(name) ?? null;
  return checksumOfFiles(files.map((file) => reading(file, () => readFileSync(file, "utf8"))));
}

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): StudioError {
  return new StudioError({
    code: "migration.unreadable",
    message: `The migrations in ${path} cannot be read: ${reasonOf(error)}.`,
    hint: "Correct migrate.directory in studio.yaml, or the rights of the folder and its files.",
    exitCode: exitCodes.usage,
    details: { path },
    cause: error,
  });
}
