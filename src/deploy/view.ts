import { featureVariables } from "../config/feature-variables.ts";
import type { Project } from "../config/project.ts";
import type { DatabaseAddress } from "../database/address.ts";
import type { Desk } from "../operation/perform.ts";
import { resolveDatabase } from "./environment-database.ts";
import type { TargetView } from "./target.ts";
import { createTargetView } from "./targets/create-target-view.ts";

/** What is needed to look at an environment; nothing in it changes anything. */
export interface View {
  desk: Pick<Desk, "environment" | "paths" | "version" | "now">;
  project: Project;
  /** The caller's environment with the project's variables: what releases and hooks get. */
  variables: Record<string, string | undefined>;
  /** As this process reaches it. */
  database: DatabaseAddress;
  /** As the configuration has it. */
  databaseWritten: DatabaseAddress;
  /** False while the service that holds it does not run. */
  databaseRuns: boolean;
  target: TargetView;
  /** Told the secret parts of what is read later, so that they can be masked in output. */
  onSecret: (value: string) => void;
}

export interface ViewInput {
  desk: View["desk"];
  project: Project;
  env: Record<string, string | undefined>;
  onSecret: (value: string) => void;
}

export async function openView({ desk, project, env, onSecret }: ViewInput): Promise<View> {
  const { settings, directory } = project;
  const variables = await variablesOf(project, env);
  const databaseWritten = await resolveDatabase({ settings, directory, env: variables, onSecret });
  const target = await createTargetView(settings.target, {
    paths: desk.paths,
    project,
    version: desk.version,
    variables,
    onSecret,
  });
  const reached = await target.reachDatabase(databaseWritten);
  return {
    desk,
    project,
    variables,
    database: reached ?? databaseWritten,
    databaseWritten,
    databaseRuns: reached !== null,
    target,
    onSecret,
  };
}

/** Looks again where the database is: a service that was started has an address of its own. */
export async function findDatabaseAgain(place: View): Promise<void> {
  const reached = await place.target.reachDatabase(place.databaseWritten);
  place.database = reached ?? place.databaseWritten;
  place.databaseRuns = reached !== null;
}

/** The caller's environment with the project's variables, and the flags of `features` over both. */
export async function variablesOf(
  { settings, directory }: Pick<Project, "settings" | "directory">,
  env: ViewInput["env"],
): Promise<View["variables"]> {
  const features = featureVariables(settings.features);
  if (settings.variables.file === null) return { ...env, ...features };
  const { resolveVariables } = await import("../config/variables.ts");
  return { ...resolveVariables({ settings, directory, env }), ...features };
}
