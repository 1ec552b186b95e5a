import { filesSource } from "../backup/sources/files.ts";
import type { Source } from "../backup/sources/source.ts";
import { serverSource } from "../backup/sources/server.ts";
import { sqliteSource } from "../backup/sources/sqlite.ts";
import { suggest } from "../config/suggest.ts";
import { usageError } from "../errors.ts";
import type { ProgramRun } from "./databases/program-run.ts";
import { environmentServer } from "./databases/environment-server.ts";
import type { View } from "./view.ts";

/**
 * The sources of a backup set. A file with variables (`.env*`) is left out: it holds secrets, and
 * a snapshot is not encrypted.
 * @throws StudioError for a set that the configuration does not have
 */
export async function snapshotSources(
  place: View,
  set: string,
  onStart?: ProgramRun["onStart"],
): Promise<Source[]> {
  const { project, desk } = place;
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
  if (wanted.database) sources.push(await databaseSource(place, onStart));
  if (wanted.ledger) sources.push(sqliteSource({ file: desk.paths.ledger, label: "ledger" }));
  const include = wanted.files.filter((pattern) => !pattern.startsWith(".env"));
  if (include.length > 0) {
    sources.push(filesSource({ directory: project.directory, include, exclude }));
  }
  return sources;
}

async function databaseSource(place: View, onStart: ProgramRun["onStart"]): Promise<Source> {
  const label = "database";
  const { file } = place.database;
  if (file !== null) return sqliteSource({ file, label });
  const server = await environmentServer(place);
  return serverSource({
    dialect: server.dialect,
    label,
    isEmpty: () => server.isEmpty(),
    dump: (into, signal) => server.dump(into, { signal, onStart }),
  });
}
