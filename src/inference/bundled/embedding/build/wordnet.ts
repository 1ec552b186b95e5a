// Reads the database files of WordNet 3.0; their format is described in its manual page wndb(5).
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One meaning: the words that have it, what it means, and sentences that use it. */
export interface Synset {
  words: string[];
  gloss: string;
  examples: string[];
  /** Identifies the synset: its part of speech and byte offset. */
  key: string;
  /** Keys of the synsets that are more general. */
  hypernyms: string[];
}

const files = { n: "data.noun", v: "data.verb", a: "data.adj", r: "data.adv" };

/** @param folder where the packages were unpacked */
export function readSynsets(folder: string): Synset[] {
  return Object.entries(files).flatMap(([part, file]) => {
    const path = join(folder, "wordnet-base/usr/share/wordnet", file);
    const lines = readFileSync(path, "utf8").split("\n");
    // The licence stands at the head, each of its lines indented.
    return lines
      .filter((line) => /^\d/.test(line))
      .map((line) => readSynset(line, part))
      .filter(({ gloss }) => gloss !== "");
  });
}

function readSynset(line: string, part: string): Synset {
  const [head = "", tail = ""] = line.split(" | ");
  const fields = head.split(" ");
  const words = Array.from({ length: Number.parseInt(fields[3] ?? "0", 16) }, (_, index) =>
    (fields[4 + index * 2] ?? "").replace(/\(.*\)$/, "").replaceAll("_", " "),
  );
  const hypernyms: string[] = [];
  for (const [index, field] of fields.entries()) {
    if (field === "@") hypernyms.push(`${fields[index + 2]}${fields[index + 1]}`);
  }
  const examples = [...tail.matchAll(/"([^"]+)"/g)].map((match) => match[1] as string);
  const gloss = tail
    .replace(/"[^"]*"/g, "")
    .replace(/[;\s]+$/, "")
    .replace(/(;\s*)+/g, "; ");
  return { words, gloss: gloss.trim(), examples, key: `${part}${fields[0]}`, hypernyms };
}
