import { readFileSync, readdirSync, realpathSync } from "node:fs";
import { extname, join } from "node:path";
import { StudioError, exitCodes, reasonOf, systemCode } from "../errors.ts";
import { checksumOf, readShippedChecksums } from "./checksum.ts";
import { invalidMigration, loadMigration } from "./module.ts";

/** Whose migration it is: studio's own schema, or the operator's project. */
export type MigrationOrigin = "studio" | "project";

/** What is known of a migration before its code is loaded. */
export interface MigrationListing {
  /** The file's name without its extension: `20261120T210500Z-add-users`. */
  name: string;
  /** Absolute path. */
  file: string;
  /** SHA-256 of the source, see `checksumOf`. */
  checksum: string;
  origin: MigrationOrigin;
}

export interface MigrationFile extends MigrationListing {
  /** May the release before it run on the schema after it? Null: the author does not say. */
  compatible: boolean | null;
  /** It has a `down`. */
  reversible: boolean;
}

export interface MigrationFolder {
  folder: string;
  origin: MigrationOrigin;
}

/** `<UTC timestamp>-<words>`, so that the order of names is the order in time. */
const namePattern = /^\d{8}T\d{6}Z-[a-z0-9]+(-[a-z0-9]+)*$/;
const codeExtensions = new Set([".ts", ".js", ".mts", ".cts", ".mjs", ".cjs", ".sql"]);

/**
 * Loads the code of migrations, which takes a while for many: those that are to be executed.
 * Fails with `migration.invalid` (exit 2) on a file that throws when loaded or lacks `up`.
 */
export async function loadMigrations(listings: MigrationListing[]): Promise<MigrationFile[]> {
  const migrations: MigrationFile[] = [];
  for (const listing of listings) {
    const { compatible, down } = await loadMigration(listing.file, listing.checksum);
    migrations.push({ ...listing, compatible, reversible: down !== undefined });
  }
  return migrations;
}

/**
 * The migrations of all folders, sorted by name; their code is not loaded. A folder that does not
 * exist holds none; one named twice counts once, as what it was named first.
 * Fails with `migration.invalid` (exit 2) on a bad or repeated name.
 */
export function listMigrations(folders: MigrationFolder[]): MigrationListing[] {
  const found: MigrationListing[] = [];
  const seen = new Set<string>();
  for (const { folder, origin } of folders) {
    const real = realFolder(folder);
    if (real === null || seen.has(real)) continue;
    seen.add(real);
    found.push(...readFolder(real, origin));
  }
  found.sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const [index, migration] of found.entries()) {
    const previous = found[index - 1];
    if (previous?.name === migration.name) {
      throw invalidMigration(migration.file, `${previous.file} has the same name`);
    }
  }
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

function readFolder(folder: string, origin: MigrationOrigin): MigrationListing[] {
  const entries = reading(folder, () => readdirSync(folder, { withFileTypes: true }));
  const shipped = reading(folder, () => readShippedChecksums(folder));
  const migrations: MigrationListing[] = [];
  for (const entry of entries) {
    const extension = extname(entry.name);
    if (entry.isDirectory() || entry.name.endsWith(".d.ts") || !codeExtensions.has(extension)) {
      continue;
    }
    const file = join(folder, entry.name);
    const name = entry.name.slice(0, -extension.length);
    if (!namePattern.test(name) || (extension !== ".ts" && extension !== ".js")) {
      throw invalidMigration(
        file,
        'its name must be a UTC time and words, such as "20261120T210500Z-add-users.ts" (or .js)',
      );
    }
    const source = extension === ".js" ? shipped : null;
    migrations.push(readListing({ name, file, origin }, source));
  }
  return migrations;
}

function readListing(
  identity: Omit<MigrationListing, "checksum">,
  shipped: Map<string, string> | null,
): MigrationListing {
  const text = reading(identity.file, () => readFileSync(identity.file, "utf8"));
  const checksum = shipped === null ? checksumOf(text) : shipped.get(identity.name);
  if (checksum === undefined) {
    throw invalidMigration(identity.file, "the checksums.json beside it does not list it");
  }
  return { ...identity, checksum };
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
