import { usageError } from "../../errors.ts";

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
  const plain = patterns.flatMap(expandBraces).map(normalise);
  const expressions = plain.map(globExpression);
  const compiled = plain.map((pattern) => pattern.split("/").map(compilePart));
  return {
    matches: (path) => expressions.some((expression) => expression.test(path)),
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

/**
 * A regular expression for whole paths: `**` stands for any number of folders, and at the end for
 * the folder before it as well as for all that it holds.
 */
export function globExpression(pattern: string): RegExp {
  const parts = pattern.split("/");
  let source = "";
  for (const [index, part] of parts.entries()) {
    const last = index === parts.length - 1;
    if (part === anyFolders) source += last ? (index === 0 ? ".*" : "(?:/.*)?") : "(?:.*/)?";
    else source += partSource(part) + (last || endsHere(parts, index + 1) ? "" : "/");
  }
  return new RegExp(`^${source}$`, "su");
}

/** Whether nothing but a `**` at the end follows: its expression brings the slash along. */
function endsHere(parts: readonly string[], index: number): boolean {
  return index === parts.length - 1 && parts[index] === anyFolders;
}

function normalise(pattern: string): string {
  const plain = pattern.replace(/^(\.\/)+/, "").replace(/\/+$/, "");
  if (!plain.split("/").some((part) => part === "" || part === "." || part === "..")) return plain;
  throw usageError(
    `The pattern "${pattern}" is not a path below the project's folder.`,
    "Patterns are relative, such as models/** or uploads/*.png, and hold no .. part.",
  );
}

function compilePart(part: string): Part {
  return part === anyFolders || !/[*?[\\]/.test(part)
    ? part
    : new RegExp(`^${partSource(part)}$`, "su");
}

function partSource(part: string): string {
  return part.replace(/\\[\s\S]|\[!?[^\]]+\]|[\s\S]/g, (token) => {
    if (token === "*") return "[^/]*";
    if (token === "?") return "[^/]";
    if (token.length > 2 && token.startsWith("[")) {
      const inner = token.slice(1, -1).replace(/[\\[^]/g, "\\$&");
      return inner.startsWith("!") ? `[^${inner.slice(1)}/]` : `[${inner}]`;
    }
    const character = token.length === 2 ? token.slice(1) : token;
    return character.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
  });
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
