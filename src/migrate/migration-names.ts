import { extname, join } from "node:path";
import type { MigrationFault } from "./invalid-migration.ts";

/** A migration and the files it consists of, by their names alone. */
export interface NamedMigration {
  name: string;
  /** Absolute paths: one, or of a pair that for up and perhaps that for down. */
  files: [string, ...string[]];
}

/** `<UTC timestamp>-<words>`, so that the order of names is the order in time. */
const namePattern = /^\d{8}T\d{6}Z-[a-z0-9]+(-[a-z0-9]+)*$/;
const extensions = new Set([".ts", ".js", ".sql"]);
const strangeExtensions = new Set([".mts", ".cts", ".mjs", ".cjs"]);

interface Candidate {
  name: string;
  file: string;
  /** Which part of a pair it is. */
  part: "up" | "down" | null;
}

/**
 * Finds the migrations among the files of a folder. What has another extension is none.
 * @param entries names of files
 */
export function nameMigrations(
  folder: string,
  entries: readonly string[],
): { migrations: NamedMigration[]; faults: MigrationFault[] } {
  const faults: MigrationFault[] = [];
  const candidates: Candidate[] = [];
  for (const entry of entries.toSorted()) {
    const candidate = candidateOf(folder, entry);
    if (candidate === null) continue;
    if ("reason" in candidate) faults.push(candidate);
    else candidates.push(candidate);
  }
  const downs = new Map(
    candidates.filter(({ part }) => part === "down").map((down) => [down.name, down.file]),
  );
  const migrations = candidates
    .filter(({ part }) => part !== "down")
    .map(({ name, file, part }): NamedMigration => {
      const down = part === "up" ? downs.get(name) : undefined;
      if (down !== undefined) downs.delete(name);
      return { name, files: down === undefined ? [file] : [file, down] };
    });
  for (const file of downs.values()) {
    faults.push({ file, line: null, reason: "there is no file .up.sql that it belongs to" });
  }
  return { migrations, faults };
}

function candidateOf(folder: string, entry: string): Candidate | MigrationFault | null {
  const extension = extname(entry);
  const file = join(folder, entry);
  const fault = (reason: string): MigrationFault => ({ file, line: null, reason });
  if (entry.endsWith(".d.ts")) return null;
  if (strangeExtensions.has(extension)) {
    return fault(`a migration is written in .sql, .ts or .js, not in ${extension}`);
  }
  if (!extensions.has(extension)) return null;
  const stem = entry.slice(0, -extension.length);
  const [, part = null] = extension === ".sql" ? (/\.(up|down)$/.exec(stem) ?? []) : [];
  const name = part === null ? stem : stem.slice(0, -part.length - 1);
  if (!namePattern.test(name)) {
    return fault(
      'its name must be a UTC time and words, such as "20261120T210500Z-add-users.sql" (or .ts, ' +
        ".js, or .up.sql with .down.sql)",
    );
  }
  return { name, file, part: part as Candidate["part"] };
}
