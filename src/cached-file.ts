import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile } from "./replace-file.ts";

/** Where a project keeps what only saves time: all of it may be deleted at any moment. */
export function cachedFile(directory: string, name: string): string {
  return join(directory, ".studio", "cache", name);
}

/** Only where studio keeps state already: a command that looks leaves no trace. */
export function keepsCache(directory: string): boolean {
  return existsSync(join(directory, ".studio"));
}

/** What was written; null where nothing was, or what cannot be read. */
export function readCached(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}

/** To be asked for where `keepsCache`. */
export function writeCached(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    replaceFile(file, text, { flush: false });
  } catch {
    // A full disk or a folder of someone else's costs time, nothing more.
  }
}
