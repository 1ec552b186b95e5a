import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** The nearest folder upward that exists: where a path's file system can be asked about. */
export function existingAncestor(path: string): string {
  return existsSync(path) ? path : existingAncestor(dirname(path));
}
