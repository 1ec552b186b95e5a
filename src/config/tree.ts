export type Segment = string | number;
export type Path = readonly Segment[];

/** Where a value was written. Lines and columns count from 1. */
export type Place =
  | { source: "default" }
  | { source: "variable"; name: string }
  | { source: "file" | "environment"; path: Path; line: number; column: number };

export interface MapNode {
  kind: "map";
  entries: Map<string, MapEntry>;
  place: Place;
}

export interface MapEntry {
  key: Place;
  value: Node;
}

interface ListNode {
  kind: "list";
  items: Node[];
  place: Place;
}

export interface ScalarNode {
  kind: "scalar";
  value: string | number | boolean | null;
  place: Place;
}

/** A configuration value that remembers where each part of it comes from. */
export type Node = MapNode | ListNode | ScalarNode;

export function toValue(node: Node): unknown {
  if (node.kind === "scalar") return node.value;
  if (node.kind === "list") return node.items.map(toValue);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toValue(entry.value)]));
}

/** The tree of a plain JSON value, all of it from one place. */
export function fromValue(value: unknown, place: Place): Node {
  if (Array.isArray(value)) {
    return { kind: "list", items: value.map((item) => fromValue(item, place)), place };
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(([key, inner]): [string, MapEntry] => [
      key,
      { key: place, value: fromValue(inner, place) },
    ]);
    return { kind: "map", entries: new Map(entries), place };
  }
  return { kind: "scalar", value: value as ScalarNode["value"], place };
}

export function childOf(node: Node | undefined, segment: Segment): Node | undefined {
  if (node?.kind === "map") return node.entries.get(String(segment))?.value;
  return node?.kind === "list" && typeof segment === "number" ? node.items[segment] : undefined;
}

export function nodeAt(root: Node, path: Path): Node | undefined {
  return path.reduce<Node | undefined>(childOf, root);
}

/** `serve.rateLimit.routes["POST /x"]`, `notify.routes[0].to`. */
export function formatPath(path: Path): string {
  return path
    .map((segment, index) => {
      if (typeof segment === "number") return `[${segment}]`;
      if (!/^[\w*-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`;
      return index === 0 ? segment : `.${segment}`;
    })
    .join("");
}

/** What the merge must know of the schema at a path. */
export interface MergeRules {
  /** The value is replaced as a whole, although it may be a map. */
  isWhole(path: Path): boolean;
  /** The value is a map with free keys, whose entries a null takes away. */
  isRecord(path: Path): boolean;
}

/**
 * Lays `upper` over `lower`: maps are merged, lists and scalars replace. A null takes away what
 * lies below it, except a whole section: a heading whose lines are all comments changes nothing.
 */
export function mergeNodes(lower: Node, upper: Node, rules: MergeRules, path: Path = []): Node {
  if (lower.kind !== "map" || rules.isWhole(path)) return upper;
  if (upper.kind === "scalar" && upper.value === null) {
    return rules.isRecord(path.slice(0, -1)) ? upper : lower;
  }
  if (upper.kind !== "map") return upper;
  const entries = new Map(lower.entries);
  for (const [key, entry] of upper.entries) {
    const below = entries.get(key)?.value;
    const value =
      below === undefined ? entry.value : mergeNodes(below, entry.value, rules, [...path, key]);
    entries.set(key, { key: entry.key, value });
  }
  return { kind: "map", entries, place: upper.place };
}

/** The tree without the map entries that are null. */
export function withoutNulls(node: Node): Node {
  if (node.kind !== "map") return node;
  const entries = [...node.entries]
    .filter(([, entry]) => entry.value.kind !== "scalar" || entry.value.value !== null)
    .map(([key, entry]): [string, MapEntry] => [
      key,
      { key: entry.key, value: withoutNulls(entry.value) },
    ]);
  return { ...node, entries: new Map(entries) };
}
