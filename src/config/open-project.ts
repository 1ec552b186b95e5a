import { randomBytes } from "node:crypto";
import { lstatSync } from "node:fs";
import { resolve } from "node:path";
import { type Stamp, isSettled } from "../file-stamp.ts";
import { type Location, locateConfiguration } from "./locate.ts";
import { nameFromFolder } from "./name-from-folder.ts";
import type { LoadInput, Project } from "./project.ts";
import { codeStamp, readLocalDefaults, readMemory, writeMemory } from "./project-memory.ts";
import {
  type Remembered,
  digestOf,
  digestOfFile,
  stillHolds,
  watchVariables,
} from "./remembered.ts";

/**
 * The same as `loadProject`, many times faster where nothing has changed: what was read is
 * remembered in `.studio/`, with a digest of the files and of every variable that had a part in it;
 * and what there is without a file and without such variables is known beforehand.
 * @throws StudioError as `loadProject` does; a configuration with problems is never remembered
 */
export async function openProject(input: LoadInput): Promise<Project> {
  const location = locateConfiguration(input.cwd, input.configFile);
  const file = readDigest(location);
  const code = codeStamp();
  const known = file === undefined ? null : recall(location, file, code, input);
  if (known !== null) return known;
  const { loadProject } = await import("./project.ts");
  const begun = Date.now();
  const watch = watchVariables(input.env);
  const project = await loadProject({ ...input, env: watch.variables });
  const variablesFile = readVariablesDigest(project, begun);
  // A file that was written meanwhile may have been read as it was before or after.
  const isCertain = readDigest(location) === file && variablesFile !== undefined && code.settled;
  if (file !== undefined && watch.seen !== null && isCertain) {
    const salt = randomBytes(12).toString("base64");
    const variables = [...watch.seen].map((name) => [name, digestOf(input.env[name], salt)]);
    writeMemory(location, {
      code: code.digest,
      directory: location.directory,
      file,
      environment: input.environment ?? null,
      variablesFile,
      salt,
      variables: Object.fromEntries(variables) as Record<string, string | null>,
      project,
    });
  }
  return project;
}

/** The digest of the configuration file; null without one, undefined where it cannot be read. */
function readDigest({ file }: Location): string | null | undefined {
  return file === null ? null : digestOfFile(file);
}

/** Null where none is named; undefined where nobody can say what was read of it. */
function readVariablesDigest(
  project: Project,
  begun: number,
): Remembered["variablesFile"] | undefined {
  const name = project.settings.variables.file;
  if (name === null) return null;
  const path = resolve(project.directory, name);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  const sha256 = digestOfFile(path);
  const isCertain = stats?.isFile() === true && isSettled(stats, begun);
  return isCertain && sha256 !== undefined ? { path, sha256 } : undefined;
}

function recall(
  location: Location,
  file: string | null,
  { digest: code }: Stamp,
  input: LoadInput,
): Project | null {
  const { directory } = location;
  const environment = input.environment ?? null;
  const now = { code, directory, file, environment, env: input.env };
  const remembered = readMemory(location, environment);
  if (remembered !== null && stillHolds(remembered, now)) {
    return { ...remembered.project, file: location.file };
  }
  if (file !== null) return null;
  const defaults = readLocalDefaults();
  const holds = stillHolds({ ...defaults, code, directory, environment: null }, now);
  return holds ? { ...defaults.project, directory, name: nameFromFolder(directory) } : null;
}
