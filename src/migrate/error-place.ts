import { pathToFileURL } from "node:url";

/** Where in a migration an error comes from. */
export interface ErrorPlace {
  file: string;
  /** From 1; null where it is not known. */
  line: number | null;
}

const mark = Symbol("place in a migration");

/** Notes on an error where it comes from; all else about it stays as it is. */
export function markPlace(error: Error, place: ErrorPlace): void {
  Object.defineProperty(error, mark, { value: place, configurable: true });
}

/**
 * Where an error of a migration comes from: as it was noted, or else the line of `file` that its
 * stack names first.
 */
export function placeOfError(error: unknown, file: string): ErrorPlace {
  const noted = error instanceof Error ? (error as { [mark]?: ErrorPlace })[mark] : undefined;
  return noted ?? { file, line: lineOf(error, file) };
}

/** The line of `file` that an error's stack names first, or null. */
export function lineOf(error: unknown, file: string): number | null {
  const stack = error instanceof Error ? (error.stack ?? "") : "";
  for (const start of [pathToFileURL(file).href, file]) {
    const [, after = ""] = stack.split(start, 2);
    const line = /^(?:\?[^:\s]*)?:(\d+)/.exec(after)?.[1];
    if (line !== undefined) return Number(line);
  }
  return null;
}
