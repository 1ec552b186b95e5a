import type { z } from "zod";
import { type Problem, problemAt } from "./problems.ts";
import { knownKeys } from "./schema/navigate.ts";
import { type Settings, settingsSchema } from "./schema.ts";
import { suggest } from "./suggest.ts";
import { type Node, type Path, type Place, childOf, nodeAt, toValue } from "./tree.ts";

type Issue = z.core.$ZodIssue;

export interface Validation {
  /** Null when there are problems. */
  settings: Settings | null;
  problems: Problem[];
}

/** Checks the settings of one environment; nothing is said about texts that are `unresolved`. */
export function validateSettings(
  root: Node,
  label: string,
  unresolved: ReadonlySet<Node>,
): Validation {
  const result = settingsSchema.safeParse(toValue(root));
  if (result.success) return { settings: result.data, problems: [] };
  const problems = result.error.issues.flatMap((issue) => {
    const node = nodeAt(root, pathOf(issue));
    return node !== undefined && unresolved.has(node) ? [] : describeIssue(issue, root, label);
  });
  return { settings: null, problems };
}

/** The problems behind an issue: one, or one for each unknown key. */
export function describeIssue(issue: Issue, root: Node, label: string): Problem[] {
  const path = pathOf(issue);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => unknownKey(root, path, key, label));
  }
  const node = nodeAt(root, path);
  const { place, written } = placeOf(root, path, issue.code === "invalid_key");
  const message = node === undefined ? "is required" : messageOf(issue, node);
  return [problemAt(label, place, written, message)];
}

function messageOf(issue: Issue, node: Node): string {
  if (issue.code === "invalid_type") return `must be ${nouns[issue.expected] ?? issue.expected}`;
  if (issue.code === "invalid_value") {
    const words = issue.values.map(String);
    const given = node.kind === "scalar" ? String(node.value) : "";
    return `must be ${listed(words)}${hint(suggest(given, words))}`;
  }
  if (issue.code === "too_small" && issue.origin === "array" && issue.message.startsWith("Too")) {
    return "must not be an empty list";
  }
  return issue.code === "invalid_key" ? (issue.issues[0]?.message ?? issue.message) : issue.message;
}

const nouns: Record<string, string> = {
  string: "a text (put a number in quotes)",
  object: "a map of keys and values",
  record: "a map of keys and values",
  array: "a list",
};

function unknownKey(root: Node, path: Path, key: string, label: string): Problem {
  const inner = [...path, key];
  const { place, written } = placeOf(root, inner, true);
  if (path.length === 0 && (key === "name" || key === "environments")) {
    return problemAt(label, place, written, "cannot be set inside an environment");
  }
  const known = knownKeys(path);
  const near = suggest(key, path.length === 0 ? [...known, "name", "environments"] : known);
  const all = known.length > 0 && known.length <= 8 ? `; known here: ${known.join(", ")}` : "";
  return problemAt(label, place, written, `unknown key${near === undefined ? all : hint(near)}`);
}

/** Where the value (or its key) was written; for what is missing, the nearest thing around it. */
function placeOf(root: Node, path: Path, isKey: boolean): { place: Place; written: Path } {
  let node: Node | undefined = root;
  let place = root.place;
  let written: Path = [];
  for (const [index, segment] of path.entries()) {
    const parent: Node | undefined = node;
    node = childOf(parent, segment);
    if (node === undefined) return { place, written: [...written, ...path.slice(index)] };
    const key = parent?.kind === "map" ? parent.entries.get(String(segment))?.key : undefined;
    place = isKey && index === path.length - 1 ? (key ?? node.place) : node.place;
    written = "path" in place ? place.path : [...written, segment];
  }
  return { place, written };
}

function pathOf(issue: Issue): Path {
  return issue.path.map((segment) => (typeof segment === "number" ? segment : String(segment)));
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

function hint(word: string | undefined): string {
  return word === undefined ? "" : `; did you mean ${word}?`;
}
