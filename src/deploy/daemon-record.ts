import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { usageError } from "../errors.ts";
import { replaceFile } from "../replace-file.ts";
import type { StatePaths } from "../state.ts";
import type { Address } from "./release.ts";
import { daemonFolder } from "./targets/local/local-site.ts";

/** The daemon that `serve --detach` started, or is about to: one in an environment at most. */
export interface DetachedDaemon {
  /** Made as that of a release, which it is not: it runs what lies in the folder. */
  id: string;
  address: Address;
  /** Absolute folders in place of those of the project. */
  models: readonly string[] | null;
  /** Milliseconds in which it must have ended once it was told to. */
  grace: number;
}

const recordFile = (paths: StatePaths): string => join(daemonFolder(paths), "daemon.json");

export const daemonLog = (paths: StatePaths, { id }: Pick<DetachedDaemon, "id">): string =>
  join(paths.logs, `${id}.log`);

/** The daemon that is to run here, whether it does or not; null where none is. */
export function readDaemon(paths: StatePaths): DetachedDaemon | null {
  try {
    return JSON.parse(readFileSync(recordFile(paths), "utf8")) as DetachedDaemon;
  } catch {
    return null;
  }
}

/** @throws StudioError (exit 2) where none was started */
export function requireDaemon(paths: StatePaths): DetachedDaemon {
  const daemon = readDaemon(paths);
  if (daemon !== null) return daemon;
  throw usageError(
    "No daemon was started here in the background.",
    "`studio serve --detach` starts one.",
  );
}

export function writeDaemon(paths: StatePaths, daemon: DetachedDaemon): void {
  const file = recordFile(paths);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  replaceFile(file, JSON.stringify(daemon));
}

export function removeDaemon(paths: StatePaths): void {
  rmSync(recordFile(paths), { force: true });
}
