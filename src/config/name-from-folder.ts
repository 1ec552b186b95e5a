import { basename } from "node:path";

/** The folder's name made into a valid project name; `studio` when nothing is left of it. */
export function nameFromFolder(directory: string): string {
  const name = basename(directory)
    .toLowerCase()
    .normalize("NFKD")
    .replace(/\p{Mark}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 63)
    .replace(/^-+|-+$/g, "");
  return name === "" ? "studio" : name;
}
