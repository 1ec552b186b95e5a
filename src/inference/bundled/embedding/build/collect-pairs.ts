// Makes pairs of texts that mean the same or belong together, and the held-out words.
// Usage: node collect-pairs.ts PACKAGES_FOLDER CORPUS_FOLDER
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Entry, readGcide, readGlossary } from "./dictionaries.ts";
import { readSynsets, type Synset } from "./wordnet.ts";

/** Two texts, and how they are related. */
export interface Pair {
  kind: string;
  one: string;
  other: string;
}

/** A word that training never saw, as two dictionaries define it. */
export interface HeldOut {
  word: string;
  query: string;
  answer: string;
}

/** Of this many words that both dictionaries have, one is for measuring and one for choosing. */
const shares = 8;

/** 0 for the words that are kept for measuring, 1 for those to choose by; by FNV-1a: always alike. */
function shareOf(word: string): number {
  let hash = 0x811c9dc5;
  for (const character of word.toLowerCase()) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return (hash >>> 8) % shares;
}

const sameWord = (word: string): string => word.toLowerCase().replaceAll(/[^a-z]/g, "");

function wordNetPairs(synsets: readonly Synset[]): Pair[] {
  const byKey = new Map(synsets.map((synset) => [synset.key, synset]));
  const pairs: Pair[] = [];
  for (const { words, gloss, examples, hypernyms } of synsets) {
    pairs.push({ kind: "words-gloss", one: words.join(", "), other: gloss });
    for (const word of words.length > 1 ? words : []) {
      pairs.push({ kind: "word-gloss", one: word, other: gloss });
    }
    for (const example of examples)
      pairs.push({ kind: "gloss-example", one: gloss, other: example });
    const more = byKey.get(hypernyms[0] ?? "");
    if (more !== undefined) pairs.push({ kind: "gloss-hypernym", one: gloss, other: more.gloss });
    if (words.length > 1) {
      pairs.push({ kind: "synonyms", one: words[0] as string, other: words.slice(1).join(", ") });
    }
  }
  return pairs;
}

function dictionaryPairs(entries: readonly Entry[], source: string): Pair[] {
  return entries.flatMap(({ word, definitions, quotations }) => [
    ...definitions.map((text) => ({ kind: `${source}-word`, one: word, other: text })),
    ...definitions.slice(1).map((text, index) => {
      return { kind: `${source}-next`, one: definitions[index] as string, other: text };
    }),
    ...quotations.map((text) => ({ kind: `${source}-quotation`, one: word, other: text })),
  ]);
}

/** Words with one meaning in each of two dictionaries: their definitions say the same. */
function sharedWords(synsets: readonly Synset[], entries: readonly Entry[]): HeldOut[] {
  const glosses = new Map<string, string[]>();
  for (const { words, gloss } of synsets) {
    for (const word of words) {
      const key = sameWord(word);
      glosses.set(key, [...(glosses.get(key) ?? []), gloss]);
    }
  }
  const definitions = new Map<string, string[]>();
  for (const entry of entries) {
    const key = sameWord(entry.word);
    definitions.set(key, [...(definitions.get(key) ?? []), ...entry.definitions]);
  }
  return [...definitions].flatMap(([word, [query, ...others]]) => {
    const [answer, ...further] = glosses.get(word) ?? [];
    if (query === undefined || answer === undefined) return [];
    if (others.length > 0 || further.length > 0) return [];
    // A definition that names the word, or a form of it, would give the answer away.
    const stem = word.slice(0, Math.max(4, word.length - 3));
    if (`${query} ${answer}`.toLowerCase().includes(stem)) return [];
    return [{ word, query, answer }];
  });
}

const [packages, corpus] = process.argv.slice(2);
if (!packages || !corpus) throw new Error("usage: node collect-pairs.ts PACKAGES CORPUS");
const synsets = readSynsets(packages);
const gcide = readGcide(packages);
const shared = sharedWords(synsets, gcide);
const heldOut = shared.filter(({ word }) => shareOf(word) === 0);
const validation = shared.filter(({ word }) => shareOf(word) === 1);
const unseen = [...heldOut, ...validation];
const unseenWords = new Set(unseen.map(({ word }) => word));
const isFree = (word: string): boolean => !unseenWords.has(sameWord(word));
// A synset goes out as a whole when one of its words is held out, and so do texts equal to it.
const unseenTexts = new Set(unseen.flatMap(({ query, answer }) => [query, answer]));
const pairs = [
  ...wordNetPairs(synsets.filter(({ words }) => words.every(isFree))),
  ...dictionaryPairs(
    gcide.filter(({ word }) => isFree(word)),
    "gcide",
  ),
  ...dictionaryPairs(readGlossary(packages, "foldoc"), "foldoc"),
  ...dictionaryPairs(readGlossary(packages, "jargon"), "jargon"),
  ...shared
    .filter(({ word }) => isFree(word))
    .map(({ query, answer }) => ({ kind: "two-dictionaries", one: query, other: answer })),
].filter(({ one, other }) => !unseenTexts.has(one) && !unseenTexts.has(other) && one !== other);
mkdirSync(corpus, { recursive: true });
const write = (name: string, rows: readonly object[]): void =>
  writeFileSync(join(corpus, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
write("train.jsonl", pairs);
write("held-out.jsonl", heldOut);
write("validation.jsonl", validation);
// Every fifth of the held-out ones comes with the model.
const sample = heldOut.filter((_, index) => index % 5 === 0);
const lines = sample.map((row) => `${JSON.stringify(row)}\n`).join("");
writeFileSync(new URL("../sample.jsonl", import.meta.url), lines);
const counts = new Map<string, number>();
for (const { kind } of pairs) counts.set(kind, (counts.get(kind) ?? 0) + 1);
const sizes = { heldOut: heldOut.length, validation: validation.length };
process.stdout.write(`${JSON.stringify({ ...sizes, ...Object.fromEntries(counts) }, null, 2)}\n`);
