import { usageError } from "../errors.ts";

/** Tells which relative, slash-separated paths a list of patterns means. */
export interface PathMatcher {
  /** The path itself matches a pattern. */
  matches(path: string): boolean;
  /** Something below this folder could match. */
  couldContain(path: string): boolean;
  /** The path is spelled out, without wildcards, at the start of a pattern. */
  isNamed(path: string): boolean;
}

type Part = string | RegExp;
const anyFolders = "**";

/**
 * Compiles patterns of `*`, `**`, `?`, `[a-z]`, `[!a]` and `{a,b}`. Unlike a shell, `*` and `**`
 * match names that start with a dot: a backup that leaves out hidden files loses them.
 * `models/**` matches `models` too. Patterns stay inside the folder they are relative to.
 */
export function compilePatterns(patterns: readonly string[]): PathMatcher {
  const compiled = patterns.flatMap(expandBraces).map(compile);
  return {
    matches: (path) => {
      const parts = path.split("/");
      return compiled.some((pattern) => matchesFrom(pattern, 0, parts, 0));
    },
    couldContain: (path) => {
      const parts = path.split("/");
      return compiled.some((pattern) => reachesBelow(pattern, parts));
    },
    isNamed: (path) => {
      const parts = path.split("/");
      return compiled.some((pattern) => parts.every((part, index) => pattern[index] === part));
    },
  };
}

function compile(pattern: string): Part[] {
  const parts = pattern
    .replace(/^(\.\/)+/, "")
    .replace(/\/+$/, "")
    .split("/");
  if (parts.some((part) => part === "" || part === "." || part === "..")) {
    throw usageError(
      `The pattern "${pattern}" is not a path below the project's folder.`,
      "Patterns are relative, such as models/** or uploads/*.png, and hold no .. part.",
    );
  }
  return parts.map((part) =>
    part === anyFolders || !/[*?[]/.test(part) ? part : partExpression(part),
  );
}

function partExpression(part: string): RegExp {
  const source = part.replace(/\[!?[^\]]+\]|[\s\S]/gu, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 2 && token.startsWith("[")) {
      const inner = token.slice(1, -1).replace(/[\\[^]/g, "\\$&");
      return inner.startsWith("!") ? `[^${inner.slice(1)}/]` : `[${inner}]`;
    }
    return token.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "su");
}

function matchesFrom(pattern: Part[], at: number, parts: string[], from: number): boolean {
  const part = pattern[at];
  if (part === undefined) return from === parts.length;
  if (part === anyFolders) {
    return (
      matchesFrom(pattern, at + 1, parts, from) ||
      (from < parts.length && matchesFrom(pattern, at, parts, from + 1))
    );
  }
  return partMatches(part, parts[from]) && matchesFrom(pattern, at + 1, parts, from + 1);
}

function reachesBelow(pattern: Part[], parts: string[]): boolean {
  for (const [index, name] of parts.entries()) {
    const part = pattern[index];
    if (part === anyFolders) return true;
    if (part === undefined || !partMatches(part, name)) return false;
  }
  return pattern.length > parts.length;
}

function partMatches(part: Part, name: string | undefined): boolean {
  if (name === undefined) return false;
  return typeof part === "string" ? part === name : part.test(name);
}

function expandBraces(pattern: string): string[] {
  const found = /\{([^{}]*,[^{}]*)\}/.exec(pattern);
  if (found === null) return [pattern];
  const before = pattern.slice(0, found.index);
  const after = pattern.slice(found.index + found[0].length);
  return (found[1] ?? "").split(",").flatMap((choice) => expandBraces(before + choice + after));
}
