import { existsSync, readFileSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { HomeSpec } from "../protocol.ts";

/** What lies beside the state of an environment that is driven from other machines. */
export interface HomePaths {
  /** The project's folder on the host. */
  folder: string;
  root: string;
  /** Says that this folder is the home of an environment. */
  mark: string;
  lock: string;
  /** The list of files that were sent. */
  manifest: string;
  /** The list of files that is being taken over. */
  taking: string;
  /** Contents that arrived, by SHA-256. */
  incoming: string;
  copies: string;
  runs: string;
  variables: string;
}

export interface HomeMark {
  environment: string;
  /** Version of the studio that brought the files. */
  version: string;
  /** Who did. */
  by: string;
}

export function homePaths(spec: HomeSpec, userHome: string): HomePaths {
  const path = (spec.path ?? `studio/${spec.name}-${spec.environment}`).replace(/^~\//, "");
  const folder = isAbsolute(path) ? path : join(userHome, path);
  return homeBelow(folder);
}

export function homeBelow(folder: string): HomePaths {
  const root = join(folder, ".studio", "remote");
  return {
    folder,
    root,
    mark: join(root, "home.json"),
    lock: join(root, "files-lock.db"),
    manifest: join(root, "files.json"),
    taking: join(root, "taking.json"),
    incoming: join(root, "incoming"),
    copies: join(root, "copies"),
    runs: join(root, "runs"),
    variables: join(root, "variables.json"),
  };
}

/** The home that a folder is a copy of, for commands that look; else the folder itself. */
export function homeOfCopy(folder: string): string {
  const home = resolve(folder, "../../../..");
  return dirname(folder) === homeBelow(home).copies ? home : folder;
}

/** What a folder says of being an environment's home; null where it is none. */
export function readHomeMark(folder: string): HomeMark | null {
  const { mark } = homeBelow(folder);
  if (!existsSync(mark)) return null;
  return JSON.parse(readFileSync(mark, "utf8")) as HomeMark;
}
