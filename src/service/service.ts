import { basename, join } from "node:path";
import { usageError } from "../errors.ts";

/** What has to be started at boot, and from where. All paths are absolute. */
export interface Service {
  project: string;
  environment: string;
  directory: string;
  /** The project file; null where the defaults count. */
  configFile: string | null;
  /** The Node.js program. */
  node: string;
  /** bin/studio.js */
  program: string;
}

export interface ServiceInput {
  name: string;
  environment: string;
  directory: string;
  file: string | null;
}

export function describeService(project: ServiceInput, node: string, packageRoot: string): Service {
  const service: Service = {
    project: project.name,
    environment: project.environment,
    directory: project.directory,
    configFile: project.file,
    node,
    program: join(packageRoot, "bin", "studio.js"),
  };
  for (const path of [service.directory, service.configFile ?? "", node, service.program]) {
    if (/[\n\r\0]/.test(path)) {
      throw usageError(
        `The path ${JSON.stringify(path)} holds a line break, which neither systemd nor cron can carry.`,
        "Move the project to a path without one.",
      );
    }
  }
  return service;
}

/** What is started at boot: the current release, or `studio serve` without one. */
export type Start =
  | { kind: "release" }
  /** @param shutdown milliseconds for which it waits for its requests when it is to end */
  | { kind: "daemon"; shutdown: number };

export const theRelease: Start = { kind: "release" };

/** The words of a command of studio on the service's environment. */
export function studioWords(service: Service, words: readonly string[]): string[] {
  const { configFile } = service;
  const named = configFile !== null && basename(configFile) !== "studio.yaml";
  return [
    service.node,
    service.program,
    ...words,
    "--env",
    service.environment,
    ...(named ? ["--config", configFile] : []),
  ];
}
