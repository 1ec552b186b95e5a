import { dirname, relative, resolve } from "node:path";
import { type Withheld, filesSource } from "../backup/sources/files.ts";
import { keptAside } from "../backup/sources/kept-aside.ts";
import type { Source } from "../backup/sources/source.ts";
import { serverSource } from "../backup/sources/server.ts";
import { sqliteSource } from "../backup/sources/sqlite.ts";
import { suggest } from "../config/suggest.ts";
import { usageError } from "../errors.ts";
import type { ProgramRun } from "./databases/program-run.ts";
import { environmentServer } from "./databases/environment-server.ts";
import type { View } from "./view.ts";

/** Files that one remark names, at most. */
const mostNamed = 5;

/**
 * The sources of a backup set. Files with variables (`.env*`) hold secrets: they are stored only
 * where snapshots are encrypted.
 * @throws StudioError for a set that the configuration does not have
 */
export async function snapshotSources(
  place: View,
  set: string,
  onStart?: ProgramRun["onStart"],
): Promise<Source[]> {
  const { project, desk } = place;
  const { sets, exclude, recipients } = project.settings.backup;
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
  const { files: include } = wanted;
  if (include.length > 0) {
    const withheld = recipients.length > 0 ? undefined : variableFiles(project);
    sources.push(filesSource({ directory: project.directory, include, exclude, withheld }));
  }
  if (wanted.logs !== undefined) {
    const logs = filesSource({ directory: dirname(desk.paths.logs), include: ["**"], exclude });
    const since = desk.now().getTime() - wanted.logs;
    sources.push(keptAside(logs, { label: "logs", since }));
  }
  return sources;
}

function variableFiles({ directory, settings }: View["project"]): Withheld {
  const { file } = settings.variables;
  const own = file === null ? [] : [relative(directory, resolve(directory, file))];
  return {
    patterns: ["**/.env*", ...own.filter(isBelow).map(asPattern)],
    remark: (paths) =>
      `Not stored, because they may hold secrets and snapshots are not encrypted: ${someOf(paths)}. ` +
      "`studio backup key generate` makes a key for backup.recipients.",
  };
}

function someOf(paths: readonly string[]): string {
  const rest = paths.length - mostNamed;
  return paths.slice(0, mostNamed).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function isBelow(path: string): boolean {
  return path !== "" && !path.split("/").includes("..");
}

/** A pattern that means this path alone. */
function asPattern(path: string): string {
  return path.replaceAll(/[*?[\]\\]/g, "\\$&");
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
