import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { StatePaths } from "../../../state.ts";
import type { Address, LocalRelease } from "../../release.ts";
import { releaseSocket, socketFolder, supervisorSocket } from "./runtime-folder.ts";

/** The places of one release's processes. Each address has a supervisor, and a folder, of its own. */
export interface LocalSite {
  address: Address;
  runFolder: string;
  socketFolder: string;
  logFolder: string;
  supervisorSocket: string;
  /** The release's private socket. */
  socketPath: string;
  /** What the process wrote besides its log: a crash ends here. */
  outputFile: string;
}

export function siteOf(
  paths: StatePaths,
  release: Pick<LocalRelease, "id" | "address">,
): LocalSite {
  const { host, port } = release.address;
  return siteIn(join(paths.run, `${host.replaceAll(/[^\w.-]/g, "_")}-${port}`), paths, release);
}

/** The places of the daemon that `serve --detach` starts: none of a release's, whatever its address. */
export function daemonSite(
  paths: StatePaths,
  daemon: Pick<LocalRelease, "id" | "address">,
): LocalSite {
  return siteIn(daemonFolder(paths), paths, daemon);
}

export const daemonFolder = (paths: StatePaths): string => join(paths.run, "daemon");

function siteIn(
  runFolder: string,
  paths: StatePaths,
  { id, address }: Pick<LocalRelease, "id" | "address">,
): LocalSite {
  mkdirSync(runFolder, { recursive: true, mode: 0o700 });
  const folder = socketFolder(runFolder);
  return {
    address,
    runFolder,
    socketFolder: folder,
    logFolder: paths.logs,
    supervisorSocket: supervisorSocket(folder),
    socketPath: releaseSocket(folder, id),
    outputFile: join(paths.logs, `${id}.out`),
  };
}
