import type { Project } from "../config/project.ts";
import { resolveVariables } from "../config/variables.ts";
import type { DatabaseAddress } from "../database/address.ts";
import type { Desk } from "../operation/perform.ts";
import { resolveDatabase } from "./environment-database.ts";
import type { Target } from "./target.ts";
import { createTarget } from "./targets/create-target.ts";

/** What every operation on an environment works with. */
export interface Workplace {
  desk: Desk;
  project: Project;
  /** The caller's environment with the project's variables: what releases and hooks get. */
  variables: Record<string, string | undefined>;
  database: DatabaseAddress;
  target: Target;
}

export interface WorkplaceInput {
  desk: Desk;
  project: Project;
  env: Record<string, string | undefined>;
  onSecret: (value: string) => void;
}

export async function openWorkplace(input: WorkplaceInput): Promise<Workplace> {
  const { desk, project, env, onSecret } = input;
  const { settings, directory } = project;
  const variables = resolveVariables({ settings, directory, env });
  const database = await resolveDatabase({ settings, directory, env: variables, onSecret });
  const target = createTarget(settings.target, {
    paths: desk.paths,
    directory,
    env: () => withoutFaults(variables),
  });
  return { desk, project, variables, database, target };
}

/** A fault asked for in studio must not strike in the processes it starts. */
function withoutFaults(
  env: Record<string, string | undefined>,
): Record<string, string | undefined> {
  const { STUDIO_FAULT: _fault, ...rest } = env;
  return rest;
}
