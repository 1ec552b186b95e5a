import {
  environmentsOf,
  findEnvironment,
  requestedEnvironment,
  unknownEnvironment,
} from "./environments.ts";
import { checkHeading } from "./heading.ts";
import { type Location, locateConfiguration } from "./locate.ts";
import { type Origin, originsOf } from "./origins.ts";
import { configurationError } from "./problems.ts";
import type { Settings } from "./schema.ts";
import { nameFromFolder } from "./name-from-folder.ts";
import { readSource } from "./source.ts";
import { emptyMap, resolveEnvironment } from "./resolve-environment.ts";
import type { MapNode } from "./tree.ts";

export type { Origin } from "./origins.ts";
export type { Settings } from "./schema.ts";

export interface LoadInput {
  cwd: string;
  env: Record<string, string | undefined>;
  /** `--config`; absent: the nearest studio.yaml from `cwd` upward, or none at all. */
  configFile?: string;
  /** `--env`; absent: STUDIO_ENV, ENVIRONMENT, APP_ENV, then `local`. */
  environment?: string;
  /** True: what refers to a variable that is not set here is no problem. */
  lenient?: boolean;
}

export interface Project {
  /** Absolute folder of studio.yaml, or `cwd` when there is none. */
  directory: string;
  file: string | null;
  name: string;
  environment: string;
  environments: string[];
  settings: Settings;
  origins: Origin[];
  warnings: string[];
}

/**
 * Loads and checks the whole configuration, and resolves one environment of it: defaults, then
 * the file, then the environment's part of it, then environment variables.
 * @throws StudioError `config.invalid` with every problem at once, `config.missing`,
 *   `environment.unknown`; all exit 2
 */
export async function loadProject(input: LoadInput): Promise<Project> {
  const location = locateConfiguration(input.cwd, input.configFile);
  const root = await readRoot(location);
  const environments = environmentsOf(root);
  const requested = requestedEnvironment(input.environment, input.env);
  const environment = findEnvironment(requested.name, environments);
  const heading = checkHeading(root, location.label, input.env);
  const others = environments
    .filter((name) => name !== environment)
    .flatMap((name) => resolveEnvironment(root, name, location, input.env, false).problems);
  const problems = [...heading.problems, ...others];
  if (environment === undefined) {
    if (problems.length > 0) throw configurationError(location.file, problems);
    throw unknownEnvironment(requested, environments);
  }
  const resolved = resolveEnvironment(
    root,
    environment,
    location,
    input.env,
    input.lenient !== true,
  );
  problems.push(...resolved.problems);
  const { settings } = resolved;
  if (problems.length > 0 || settings === null) throw configurationError(location.file, problems);
  return {
    directory: location.directory,
    file: location.file,
    name: heading.name ?? nameFromFolder(location.directory),
    environment,
    environments,
    settings,
    origins: originsOf(settings, resolved.root, location.label),
    warnings: resolved.warnings,
  };
}

async function readRoot(location: Location): Promise<MapNode> {
  if (location.file === null) return emptyMap;
  const { root, problems } = await readSource(location.file, location.label);
  if (problems.length > 0 || root === null) throw configurationError(location.file, problems);
  return root;
}
