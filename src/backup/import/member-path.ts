import { pathBytes } from "../format/path-text.ts";
import { unsafeMember } from "./refusals.ts";

/** NAME_MAX and PATH_MAX of Linux: what is longer could not be restored. */
const longestName = 255;
const longestPath = 4095;

/**
 * The path that a name in an archive means, below the folder that it would be unpacked to; empty
 * for that folder itself. Names that lead out of it, or that no file system can hold, are refused.
 * @param what the words of the refusal: what the member is, or points to
 */
export function memberPath(name: string, what = "", member = name): string {
  const refuse = (reason: string): Error => unsafeMember(member, `${what}${reason}`);
  if (name === "") throw refuse("has no name");
  if (name.includes("\0")) throw refuse("has a NUL byte in its name");
  if (name.startsWith("/")) throw refuse("has an absolute path");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw refuse('has a ".." in its path');
  const path = parts.join("/");
  if (pathBytes(path).length > longestPath || parts.some(isTooLong)) {
    throw refuse("has a name that is longer than any file system takes");
  }
  return path;
}

function isTooLong(part: string): boolean {
  return part.length > longestName / 4 && pathBytes(part).length > longestName;
}
