import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where a program of the system lies; null, after printing what is left out, where there is none. */
export function findProgram(name: string, forTests: string): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"];
  const found = folders.map((folder) => join(folder, name)).find(isExecutable);
  if (found !== undefined) return found;
  process.stderr.write(`Tests of ${forTests} are left out: ${name} is not installed.\n`);
  return null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
