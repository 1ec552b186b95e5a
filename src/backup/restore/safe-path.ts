import { StudioError, exitCodes } from "../../errors.ts";
import type { Entry } from "../format/entry.ts";
import { escapePath } from "../format/path-text.ts";
import { lookAt } from "./compare.ts";

/**
 * Refuses a manifest that would write outside of the folder it is restored to: absolute paths,
 * `..`, and members below something that is not a folder. Nothing has been written by then.
 */
export function checkPaths(entries: readonly Entry[]): void {
  const leaves = new Set<string>();
  for (const entry of entries) {
    if (!isPlain(entry.path)) throw unsafe(entry.path, "its path leads out of the folder");
    if (entry.type !== "directory") leaves.add(entry.path);
  }
  for (const { path } of entries) {
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      if (leaves.has(path.slice(0, end))) throw unsafe(path, "it lies below a link or a file");
    }
  }
}

function isPlain(path: string): boolean {
  if (path.includes("\0")) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/** Folders below a target that are known to be folders and no links. */
export class SafeFolders {
  readonly #target: string;
  readonly #known = new Set<string>();

  /** @param target the folder restored to, free of symbolic links */
  constructor(target: string) {
    this.#target = target;
  }

  /** Refuses a path whose way from the target leads over a symbolic link. */
  check(path: string): void {
    const last = path.lastIndexOf("/");
    if (last < 0 || this.#known.has(path.slice(0, last))) return;
    for (let end = path.indexOf("/"); end >= 0; end = path.indexOf("/", end + 1)) {
      const folder = path.slice(0, end);
      if (!this.#known.has(folder) && this.#look(folder) === "absent") return;
    }
  }

  #look(folder: string): "folder" | "absent" {
    const found = lookAt(`${this.#target}/${folder}`);
    if (found?.isSymbolicLink() === true) {
      throw unsafe(folder, `${escapePath(`${this.#target}/${folder}`)} is a symbolic link`);
    }
    if (found?.isDirectory() !== true) return "absent";
    this.#known.add(folder);
    return "folder";
  }
}

function unsafe(path: string, reason: string): StudioError {
  return new StudioError({
    code: "restore.unsafe",
    message: `${escapePath(path)} is not restored: ${reason}. Nothing was changed.`,
    hint: "Restore into an empty folder and look at what the snapshot holds.",
    exitCode: exitCodes.checkFailed,
  });
}
