import { StudioError, exitCodes } from "../errors.ts";
import { suggest } from "./suggest.ts";
import type { MapNode } from "./tree.ts";

/** All environments that exist: the declared ones, and always `local`. */
export function environmentsOf(root: MapNode | null): string[] {
  const declared = root?.entries.get("environments")?.value;
  const names = declared?.kind === "map" ? [...declared.entries.keys()] : [];
  return names.includes("local") ? names : ["local", ...names];
}

/** The environment asked for, and by what. */
export function requestedEnvironment(
  flag: string | undefined,
  env: Record<string, string | undefined>,
): { name: string; by: string } {
  if (flag !== undefined) return { name: flag, by: "--env" };
  for (const by of ["STUDIO_ENV", "ENVIRONMENT", "APP_ENV"]) {
    const name = env[by];
    if (name !== undefined && name !== "") return { name, by };
  }
  return { name: "local", by: "default" };
}

/** The existing environment of that name; `development` means `local` unless it is declared. */
export function findEnvironment(name: string, existing: readonly string[]): string | undefined {
  if (existing.includes(name)) return name;
  return name === "development" ? "local" : undefined;
}

export function unknownEnvironment(
  requested: { name: string; by: string },
  existing: readonly string[],
): StudioError {
  const near = suggest(requested.name, existing);
  const known = `Known here: ${existing.join(", ")}.`;
  return new StudioError({
    code: "environment.unknown",
    message: `There is no environment "${requested.name}", which ${requested.by} asks for. ${known}`,
    hint:
      near === undefined
        ? "Declare it under environments: in studio.yaml, or choose another with --env."
        : `Did you mean --env ${near}?`,
    exitCode: exitCodes.usage,
    details: { name: requested.name, by: requested.by, known: existing },
  });
}
