import { usageError } from "../../errors.ts";
import type { DatabaseFacts, Entry } from "../format/entry.ts";
import { copiesFolder } from "../format/layout.ts";
import { type PathMatcher, compilePatterns } from "../sources/glob.ts";

export interface SelectionOptions {
  /** Paths, folders or patterns; all when absent. */
  paths?: readonly string[] | undefined;
  /** Patterns; of what is asked for, only what matches one of them. */
  include?: readonly string[] | undefined;
  /** Patterns of what is left out. */
  exclude?: readonly string[] | undefined;
  /** Whether copies of databases and logs are restored as files too; only if named by default. */
  databases?: boolean | undefined;
}

export interface Selection {
  /** What was asked for, and the folders that lead there. */
  entries: Entry[];
  /** The folders that were asked for as a whole. */
  folders: Set<string>;
}

/** The entries that a restore is about. A path that matches nothing is a usage error. */
export function selectEntries(
  entries: readonly Entry[],
  databases: readonly DatabaseFacts[],
  options: SelectionOptions,
): Selection {
  const asked = askedFor(entries, databases, options);
  const include = matcherOf(options.include);
  const exclude = matcherOf(options.exclude);
  const chosen = asked.filter(({ path, type }) => {
    const steps = selfAndAbove(path);
    if (exclude !== null && steps.some((step) => exclude.matches(step))) return false;
    // A folder is chosen with what it holds.
    if (include === null) return true;
    return type !== "directory" && steps.some((step) => include.matches(step));
  });
  const needed = new Set(chosen.flatMap(({ path }) => selfAndAbove(path)));
  const whole = include === null ? chosen : [];
  return {
    entries: entries.filter(({ path }) => needed.has(path)),
    folders: new Set(
      whole.flatMap((entry) => (entry.type === "directory" && !entry.parent ? [entry.path] : [])),
    ),
  };
}

function askedFor(
  entries: readonly Entry[],
  databases: readonly DatabaseFacts[],
  { paths, databases: withDatabases }: SelectionOptions,
): Entry[] {
  if (paths === undefined || paths.length === 0) {
    if (withDatabases === true) return [...entries];
    const copies = new Set(databases.map(({ path }) => path));
    return entries.filter(
      ({ path }) =>
        !path.startsWith(copiesFolder) && !selfAndAbove(path).some((step) => copies.has(step)),
    );
  }
  const asked = new Set<Entry>();
  for (const path of paths) {
    const matcher = compilePatterns([path]);
    const matching = entries.filter((entry) => isAsked(entry.path, path, matcher));
    if (matching.length === 0) {
      throw usageError(
        `The snapshot holds nothing at "${path}".`,
        "Paths are relative to the project: studio backup show ID lists them.",
      );
    }
    for (const entry of matching) asked.add(entry);
  }
  return [...asked];
}

function matcherOf(patterns: readonly string[] | undefined): PathMatcher | null {
  return patterns === undefined || patterns.length === 0 ? null : compilePatterns(patterns);
}

function isAsked(path: string, asked: string, matcher: PathMatcher): boolean {
  const steps = selfAndAbove(path);
  const literal = asked.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  return steps.includes(literal) || steps.some((step) => matcher.matches(step));
}

/** A path and all folders above it. */
function selfAndAbove(path: string): string[] {
  const steps = [path];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    steps.push(path.slice(0, end));
  }
  return steps;
}
