import { usageError } from "../errors.ts";
import { compilePatterns } from "./glob.ts";
import type { PathMatcher } from "./glob.ts";
import type { ManifestEntry } from "./manifest.ts";

export interface SelectionOptions {
  /** Paths, folders or patterns; all when absent. */
  paths?: readonly string[] | undefined;
  /** Whether copies of databases are restored as plain files too; only if named by default. */
  databases?: boolean | undefined;
}

export type Restorable = Exclude<ManifestEntry, { type: "torn" }>;

export interface Selection {
  /** What was asked for, and the folders that lead there. */
  entries: Restorable[];
  /** The folders that were asked for as a whole. */
  folders: Set<string>;
}

/** The entries that a restore is about. A path that matches nothing is a usage error. */
export function selectEntries(
  entries: readonly ManifestEntry[],
  { paths, databases }: SelectionOptions,
): Selection {
  const whole = entries.filter((entry) => entry.type !== "torn");
  if (paths === undefined || paths.length === 0) {
    const selected = whole.filter(
      (entry) => databases === true || entry.type !== "file" || entry.database === undefined,
    );
    return { entries: selected, folders: foldersOf(selected) };
  }
  const asked = new Set<string>();
  for (const path of paths) {
    const matcher = compilePatterns([path]);
    const matching = whole.filter((entry) => isAsked(entry.path, path, matcher));
    if (matching.length === 0) {
      throw usageError(`The snapshot holds nothing at "${path}".`, "Paths are relative.");
    }
    for (const entry of matching) asked.add(entry.path);
  }
  const needed = new Set([...asked].flatMap(selfAndAbove));
  return {
    entries: whole.filter((entry) => needed.has(entry.path)),
    folders: foldersOf(whole.filter((entry) => asked.has(entry.path))),
  };
}

function foldersOf(entries: Restorable[]): Set<string> {
  const folders = entries.filter((entry) => entry.type === "directory" && entry.parent !== true);
  return new Set(folders.map((entry) => entry.path));
}

function isAsked(path: string, asked: string, matcher: PathMatcher): boolean {
  const steps = selfAndAbove(path);
  const literal = asked.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  return steps.includes(literal) || steps.some((step) => matcher.matches(step));
}

function selfAndAbove(path: string): string[] {
  const steps = [path];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    steps.push(path.slice(0, end));
  }
  return steps;
}
