import type { Project } from "../config/project.ts";
import type { Secret } from "../config/secrets.ts";
import { type StatePaths, statePaths } from "../state.ts";

/** Whose events are told, to whom, and by what means. */
export interface NotifyPlace {
  project: string;
  environment: string;
  host: string;
  paths: StatePaths;
  settings: Project["settings"]["notify"];
  /** @throws StudioError (exit 2) for a secret that is not to be had */
  readSecret: (secret: Secret) => Promise<string>;
  now: () => Date;
  /** Rejects with the signal. */
  sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export function notifyPlace(
  { name, environment, directory, settings }: Project,
  around: Pick<NotifyPlace, "host" | "readSecret" | "now" | "sleep">,
): NotifyPlace {
  return {
    project: name,
    environment,
    paths: statePaths(directory, environment),
    settings: settings.notify,
    ...around,
  };
}
