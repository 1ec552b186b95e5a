import { lstatSync, realpathSync } from "node:fs";
import { join } from "node:path";

export interface Copy {
  /** The copy that a command looks at. */
  folder: string;
  /** What it is a copy of, on this host. */
  home: string;
  /** The operator's own project folder, on the machine that sent the files. */
  directory: string;
}

/**
 * Whoever reads what a command says of a copy knows no copy: what was sent is named as it is there,
 * and what is linked to as it is on this host.
 * @returns the words for a text
 */
export function fileNames({ folder, home, directory }: Copy): (text: string) => string {
  const written = [...new Set([folder, realpathSync(folder)])];
  const pattern = new RegExp(
    `(?:${written.map(escaped).join("|")})(?![\\w-])((?:/[^\\s"'\`,;:()]*)?)`,
    "g",
  );
  return (text) =>
    text.replaceAll(
      pattern,
      (_whole, below: string) => (isLinked(folder, below) ? home : directory) + below,
    );
}

/** Whether a path leads out of the copy; one that is not there would have been sent. */
function isLinked(folder: string, below: string): boolean {
  let place = folder;
  for (const part of below.split("/")) {
    place = join(place, part);
    const found = lstatSync(place, { throwIfNoEntry: false });
    if (found === undefined) return false;
    if (found.isSymbolicLink()) return true;
  }
  return false;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
