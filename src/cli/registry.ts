import type { Command } from "./command.ts";

/** One line of the menu: what is typed, what it is for, and where its page lies. */
export interface Entry {
  words: string;
  summary: string;
  group: string;
  hidden?: boolean;
  load(): Promise<{ default: Command }>;
}

export interface Registry {
  entries: readonly Entry[];
  /** Words that only lead to others, with their summaries: `backup`. */
  groups: Readonly<Record<string, string>>;
}

/** What the words before the first operand or after options mean. */
export interface Match {
  /** The known words, in order; as far as they could be followed. */
  words: string[];
  /** The leaf they lead to, or null for the root, a group, or an unknown word. */
  entry: Entry | null;
  /** The first word that leads nowhere, when there is one. */
  unknown: string | null;
  /**
   * A group that was meant as the operand of the command before it: `baseline` of `bench`, where
   * `bench baseline set` was not typed.
   */
  group: string | null;
}

/** Options of the whole tool that take a value: the word after them is not a command. */
const valued = new Set(["--env", "--config"]);

/** Follows the words of an argv through the registry, over any options between them. */
export function matchWords(registry: Registry, argv: readonly string[]): Match {
  const words: string[] = [];
  let unknown: string | null = null;
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? "";
    if (word === "--") break;
    if (word.startsWith("-")) {
      if (valued.has(word)) index += 1;
      continue;
    }
    const path = [...words, word].join(" ");
    const known = registry.entries.some(
      (entry) => entry.words === path || entry.words.startsWith(`${path} `),
    );
    if (!known) {
      unknown = word;
      break;
    }
    words.push(word);
  }
  const entry = findEntry(registry, words);
  if (entry !== null) return { words, entry, unknown: null, group: null };
  const before = findEntry(registry, words.slice(0, -1));
  if (before === null) return { words, entry, unknown, group: null };
  return { words: words.slice(0, -1), entry: before, unknown: null, group: words.join(" ") };
}

function findEntry(registry: Registry, words: readonly string[]): Entry | null {
  return registry.entries.find((entry) => entry.words === words.join(" ")) ?? null;
}

/** The words that may follow a path: names of leaves and of groups, hidden ones left out. */
export function nextWords(registry: Registry, words: readonly string[]): string[] {
  const prefix = words.length === 0 ? "" : `${words.join(" ")} `;
  const next = registry.entries
    .filter((entry) => entry.hidden !== true && entry.words.startsWith(prefix))
    .map((entry) => entry.words.slice(prefix.length).split(" ")[0] ?? "");
  return [...new Set(next)].filter((word) => word !== "");
}
