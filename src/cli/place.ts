import type { Project } from "../config/project.ts";
import type { Command } from "./command.ts";
import type { GlobalOptions } from "./context.ts";

/** Where a command runs: here, or on the host that its environment names. */
export type Place =
  | { kind: "here"; env: NodeJS.ProcessEnv; load: () => Promise<Project> }
  | { kind: "host"; project: Project };

export interface PlaceInput {
  command: Command;
  cwd: string;
  env: NodeJS.ProcessEnv;
  options: GlobalOptions;
}

/**
 * On the host itself, which its home tells by a mark, everything runs here, with the variables that
 * are kept there. A configuration that cannot be read is left to the command, which may do without.
 */
export async function placeOf({ command, cwd, env, options }: PlaceInput): Promise<Place> {
  const open = async (variables: NodeJS.ProcessEnv) => {
    const { openProject } = await import("../config/open-project.ts");
    return openProject({ ...loadInput(cwd, options), env: variables });
  };
  const load = once(() => open(env));
  if (command.files === "here") return { kind: "here", env, load };
  const project = await load().catch(() => loadLeniently(cwd, env, options));
  if (project === null || project.settings.ssh === null) return { kind: "here", env, load };
  const { readHomeMark } = await import("../remote/host/home.ts");
  if (readHomeMark(project.directory)?.environment !== project.environment) {
    return { kind: "host", project };
  }
  const { readKeptVariables } = await import("../remote/host/kept-variables.ts");
  const variables = { ...readKeptVariables(project.directory), ...env };
  return { kind: "here", env: variables, load: once(() => open(variables)) };
}

function loadInput(cwd: string, { env, config }: GlobalOptions) {
  return {
    cwd,
    ...(config === undefined ? {} : { configFile: config }),
    ...(env === undefined ? {} : { environment: env }),
  };
}

/** The variables that are missing here may be known on the host: what is wrong is told there. */
async function loadLeniently(
  cwd: string,
  env: NodeJS.ProcessEnv,
  options: GlobalOptions,
): Promise<Project | null> {
  const { loadProject } = await import("../config/project.ts");
  const input = { ...loadInput(cwd, options), env, lenient: true };
  return loadProject(input).catch(() => null);
}

/** The same promise at every call. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}
