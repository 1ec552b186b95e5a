import type { Project } from "../../config/project.ts";
import type { StatePaths } from "../../state.ts";

/** What the driver of any target is made from. */
export interface TargetInput {
  paths: StatePaths;
  project: Project;
  version: string;
  /** The caller's environment with the project's variables: what programs it starts are given. */
  variables: Record<string, string | undefined>;
  /** Told the secret parts of what is read, so that they can be masked in output. */
  onSecret: (value: string) => void;
}
