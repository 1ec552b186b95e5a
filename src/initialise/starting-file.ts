import { readFileSync } from "node:fs";
import { systemCode, usageError } from "../errors.ts";

export interface StartingFile {
  /** Absolute path. */
  path: string;
  /** `keep`: it says already what it should, or is the operator's own. */
  action: "write" | "replace" | "append" | "keep";
  /** The whole file, or what is added to its end. */
  content: string;
  /** The file's mode, whatever the umask; absent: as the umask has it. */
  mode?: number;
}

/** A file that should have this content: replaced where it has another. */
export function planWhole(path: string, content: string, mode?: number): StartingFile {
  const present = readIfThere(path);
  const file = { path, content, ...(mode === undefined ? {} : { mode }) };
  if (present === null) return { ...file, action: "write" };
  return { ...file, action: present === content ? "keep" : "replace" };
}

/** A file that is made once, and is then the operator's: passwords that are in use, for one. */
export function planOnce(path: string, content: string, mode: number): StartingFile {
  const action = readIfThere(path) === null ? "write" : "keep";
  return { path, content, mode, action };
}

/** @throws StudioError (exit 2) for something that is there and cannot be read */
export function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return null;
    throw usageError(`${path} is in the way and cannot be read (${systemCode(error)}).`);
  }
}
