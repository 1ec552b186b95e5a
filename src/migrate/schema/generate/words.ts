import { compareSchemas } from "../compare.ts";
import type { Schema } from "../model.ts";

const longest = 60;

const verbs = { added: "add", removed: "drop", changed: "change" } as const;

/** Words for the name of a migration: `add-orders-change-users`. */
export function wordsFor(live: Schema, renamed: Schema, target: Schema): string {
  const groups = new Map<string, Set<string>>();
  const note = (verb: string, path: string) => {
    const name = slug(path);
    if (name !== "") groups.set(verb, (groups.get(verb) ?? new Set()).add(name));
  };
  for (const { name } of live.tables) {
    if (!renamed.tables.some((table) => table.name === name)) note("rename", name);
  }
  for (const { kind, what, path } of compareSchemas(renamed, target)) {
    const owner = target.tables.find(({ name }) => path.startsWith(`${name}.`))?.name;
    if (what === "table" || owner === undefined) note(verbs[kind], path);
    else note("change", owner);
  }
  const words = [...groups].map(([verb, names]) => [verb, ...names].join("-")).join("-");
  return clipped(words === "" ? "rename-columns" : words);
}

/** The tables that are different: `users-orders`. */
export function tableWords(before: Schema, after: Schema): string {
  const names = compareSchemas(before, after).flatMap(
    ({ path }) => after.tables.find(({ name }) => path.startsWith(`${name}.`))?.name ?? [],
  );
  return clipped([...new Set(names)].map(slug).join("-"));
}

/** At the end of a word. */
function clipped(words: string): string {
  if (words.length <= longest) return words;
  const end = words.lastIndexOf("-", longest);
  return words.slice(0, end === -1 ? longest : end);
}

export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/\(.*/, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
}
