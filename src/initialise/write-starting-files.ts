import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname } from "node:path";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { StartingFile } from "./starting-file.ts";

/** Writes what was planned; a file that appeared since then is not overwritten. */
export function writeStartingFiles(files: readonly StartingFile[]): void {
  for (const file of files) {
    try {
      write(file);
    } catch (error) {
      throw new StudioError({
        code: "init.write-failed",
        message: `${file.path} could not be written: ${reasonOf(error)}.`,
        hint: "Mend the cause, then type studio init again: what was written is kept.",
        exitCode: exitCodes.unavailable,
        cause: error,
      });
    }
  }
}

function write({ path, action, content, mode }: StartingFile): void {
  if (action === "keep") return;
  makeFolder(dirname(path));
  if (action === "write") writeNew(path, content, mode);
  else if (action === "append") appendFileSync(path, content);
  else replaceWhole(realpathSync(path), content, mode);
}

/** Open to the users of containers, but for the folder that closes off everything in it. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  const mode = basename(folder) === ".studio" ? 0o700 : 0o755;
  mkdirSync(folder, { mode });
  chmodSync(folder, mode);
}

function writeNew(path: string, content: string, mode = 0o666): void {
  // Closed from its first byte on, where it is to be; then what the umask took away is given back.
  writeFileSync(path, content, { flag: "wx", mode });
  if (mode !== 0o666) chmodSync(path, mode);
}

function replaceWhole(path: string, content: string, mode?: number): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeNew(temporary, content, mode);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
