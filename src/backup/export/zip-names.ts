import type { Entry } from "../format/entry.ts";
import { escapePath, pathBytes } from "../format/path-text.ts";

/** What a zip archive cannot hold as it is. */
export interface ExportNote {
  path: string;
  note: string;
}

/**
 * The names of entries inside a zip archive, by their paths. Names there are text, `\` counts as a
 * slash and a letter with a colon as a drive: what would be taken for another name is written as
 * `%` and two hexadecimal digits.
 */
export function zipNames(entries: readonly Entry[]): {
  names: Map<string, string>;
  notes: ExportNote[];
} {
  const names = new Map<string, string>();
  const taken = new Set(entries.map(({ path }) => path).filter((path) => plainName(path) === path));
  const notes: ExportNote[] = [];
  for (const { path } of entries) {
    let name = plainName(path);
    if (name !== path) {
      while (taken.has(name)) name += "_";
      taken.add(name);
      notes.push({ path: escapePath(path), note: `is named ${escapePath(name)} in the archive` });
    }
    names.set(path, name);
  }
  return { names, notes };
}

function plainName(path: string): string {
  const text = path.isWellFormed() ? path : textOf(path);
  return text.replaceAll("\\", "%5C").replace(/^\w+:/, (drive) => `${drive.slice(0, -1)}%3A`);
}

/** Bytes that are no UTF-8 as `%` and two digits. */
function textOf(path: string): string {
  return Array.from(path, (character) => {
    if (character.isWellFormed()) return character;
    return `%${pathBytes(character).toString("hex").toUpperCase()}`;
  }).join("");
}
