import { appendFileSync, realpathSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { StudioError, exitCodes, reasonOf } from "../errors.ts";
import type { StartingFile } from "./starting-files.ts";

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

function write({ path, action, content }: StartingFile): void {
  if (action === "write") writeFileSync(path, content, { flag: "wx" });
  else if (action === "append") appendFileSync(path, content);
  else if (action === "replace") replaceWhole(realpathSync(path), content);
}

function replaceWhole(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writeFileSync(temporary, content, { flag: "wx" });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
