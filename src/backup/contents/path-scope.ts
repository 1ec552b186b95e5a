import { unescapePath } from "../format/path-text.ts";

/** A part of a snapshot's tree: one path with all that lies below it. */
export interface PathScope {
  /** Empty for the whole tree. */
  root: string;
  holds(path: string): boolean;
}

/** @param asked a path as it was typed, or as a listing shows it, with `\ooo` for odd bytes */
export function pathScope(asked: string): PathScope {
  const plain = asked.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  const root = plain === "." ? "" : (unescapePath(plain) ?? plain);
  const prefix = `${root}/`;
  return {
    root,
    holds: (path) => root === "" || path === root || path.startsWith(prefix),
  };
}

/** The folders above a path, the nearest first. */
export function* foldersAbove(path: string): Generator<string> {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    yield path.slice(0, end);
  }
}
