import { filesSource } from "../backup/sources/files.ts";
import type { Source } from "../backup/sources/source.ts";
import { sqliteSource } from "../backup/sources/sqlite.ts";
import { suggest } from "../config/suggest.ts";
import { usageError } from "../errors.ts";
import type { View } from "./view.ts";

/**
 * The sources of a backup set. A file with variables (`.env*`) is left out: it holds secrets, and
 * a snapshot is not encrypted.
 * @throws StudioError for a set that the configuration does not have
 */
export function snapshotSources(place: View, set: string): Source[] {
  const { project, database, desk } = place;
  const { sets, exclude } = project.settings.backup;
  const wanted = sets[set];
  if (wanted === undefined) {
    const known = Object.keys(sets);
    const close = suggest(set, known);
    throw usageError(
      `There is no backup set "${set}"${close === undefined ? "" : `; did you mean "${close}"`}.`,
      `The sets are ${known.join(", ")}; they stand in backup.sets of studio.yaml.`,
    );
  }
  const sources: Source[] = [];
  if (wanted.database) {
    if (database.file === null) {
      throw usageError(
        "This version of studio backs up SQLite databases alone, and the environment's is a server.",
        "Back it up with pg_dump, or deploy with --skip-backup.",
      );
    }
    sources.push(sqliteSource({ file: database.file, label: "database" }));
  }
  if (wanted.ledger) sources.push(sqliteSource({ file: desk.paths.ledger, label: "ledger" }));
  const include = wanted.files.filter((pattern) => !pattern.startsWith(".env"));
  if (include.length > 0) {
    sources.push(filesSource({ directory: project.directory, include, exclude }));
  }
  return sources;
}
