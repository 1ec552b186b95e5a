import { createHash } from "node:crypto";
import { chmodSync, lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { StudioError, exitCodes } from "../../../errors.ts";

/** A Unix socket's path has 108 bytes on Linux and 104 on macOS, with its final zero byte. */
const longestSocketPath = 103;

/** The longest name of a socket in the folder: a release id and an ending. */
const longestName = 40;

/**
 * The folder for an environment's sockets: its run folder, or, where that path is too long for a
 * socket, a private folder of the user's under the system's temporary one.
 */
export function socketFolder(runFolder: string): string {
  if (Buffer.byteLength(runFolder) + longestName <= longestSocketPath) {
    mkdirSync(runFolder, { recursive: true, mode: 0o700 });
    return runFolder;
  }
  const name = createHash("sha256").update(runFolder).digest("hex").slice(0, 16);
  const { uid } = userInfo();
  const parent = join(process.env["XDG_RUNTIME_DIR"] ?? tmpdir(), `studio-${uid}`);
  mkdirSync(parent, { recursive: true, mode: 0o700 });
  const { uid: owner } = lstatSync(parent);
  if (owner !== uid) {
    throw new StudioError({
      code: "run.folder-not-ours",
      message: `${parent}, where the sockets of a deeply nested project must lie, belongs to another user.`,
      hint: "Set XDG_RUNTIME_DIR to a folder of your own, or move the project to a shorter path.",
      exitCode: exitCodes.unavailable,
    });
  }
  chmodSync(parent, 0o700);
  const folder = join(parent, name);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export const supervisorSocket = (folder: string): string => join(folder, "supervisor.sock");
export const releaseSocket = (folder: string, release: string): string =>
  join(folder, `${release}.sock`);

/** Is there while a release tells the public to come back later. */
export const maintenanceFile = (runFolder: string, release: string): string =>
  join(runFolder, `${release}.maintenance`);

/** Is there while a release runs, and after it ended by a crash: what is known of its models. */
export const crashFile = (runFolder: string, release: string): string =>
  join(runFolder, `${release}.crashes`);
