import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Location, locateConfiguration } from "./locate.ts";
import { nameFromFolder } from "./name-from-folder.ts";
import type { LoadInput, Project } from "./project.ts";
import { codeVersion, readLocalDefaults, readMemory, writeMemory } from "./project-memory.ts";
import { digestOf, fileDigest, stillHolds, watchVariables } from "./remembered.ts";

/**
 * The same as `loadProject`, many times faster where nothing has changed: what was read is
 * remembered in `.studio/`, with a digest of the file and of every variable that had a part in it;
 * and what there is without a file and without such variables is known beforehand.
 * @throws StudioError as `loadProject` does; a configuration with problems is never remembered
 */
export async function openProject(input: LoadInput): Promise<Project> {
  const location = locateConfiguration(input.cwd, input.configFile);
  const file = readDigest(location);
  const known = file === undefined ? null : recall(location, file, input);
  if (known !== null) return known;
  const { loadProject } = await import("./project.ts");
  const watch = watchVariables(input.env);
  const project = await loadProject({ ...input, env: watch.variables });
  // A file that was written meanwhile may have been read as it was before or after.
  if (file !== undefined && watch.seen !== null && readDigest(location) === file) {
    const salt = randomBytes(12).toString("base64");
    const variables = [...watch.seen].map((name) => [name, digestOf(input.env[name], salt)]);
    writeMemory(location.directory, {
      code: codeVersion(),
      directory: location.directory,
      file,
      environment: input.environment ?? null,
      salt,
      variables: Object.fromEntries(variables) as Record<string, string | null>,
      project,
    });
  }
  return project;
}

/** The digest of the configuration file; null without one, undefined where it cannot be read. */
function readDigest(location: Location): string | null | undefined {
  if (location.file === null) return null;
  try {
    return fileDigest(readFileSync(location.file));
  } catch {
    // Reading it again will say why.
    return undefined;
  }
}

function recall(location: Location, file: string | null, input: LoadInput): Project | null {
  const { directory } = location;
  const environment = input.environment ?? null;
  const now = { code: codeVersion(), directory, file, environment, env: input.env };
  const remembered = readMemory(directory, environment);
  if (remembered !== null && stillHolds(remembered, now)) {
    return { ...remembered.project, file: location.file };
  }
  if (file !== null) return null;
  const defaults = readLocalDefaults();
  const holds = stillHolds({ ...defaults, code: now.code, directory, environment: null }, now);
  return holds ? { ...defaults.project, directory, name: nameFromFolder(directory) } : null;
}
