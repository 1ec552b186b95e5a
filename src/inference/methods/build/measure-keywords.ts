// Measures the keywords method on abstracts with the key phrases that people gave them.
// Usage: node measure-keywords.ts FOLDER [--write-card]   (the folder has docsutf8/*.txt and keys/*.key)
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Keyword, KeywordCounter } from "../../text/keyword-candidates.ts";
import { loadStopWords } from "../../text/stop-words.ts";
import { table, writeFigures } from "./card.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node measure-keywords.ts FOLDER [--write-card]");

/** Most words of a phrase: what the task takes where nothing is said. */
const longest = 3;

interface Document {
  text: string;
  phrases: Set<string>;
}

/** Phrases are the same when they differ in case, punctuation or a plural's ending alone. */
function plain(phrase: string): string {
  const words = phrase.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.map((word) => (word.length > 3 ? word.replace(/(ies|es|s)$/, "") : word)).join(" ");
}

function readDocuments(from: string): Document[] {
  return readdirSync(join(from, "docsutf8")).map((name) => {
    const keys = readFileSync(join(from, "keys", name.replace(/\.txt$/, ".key")), "utf8");
    const phrases = keys.replaceAll("\n\t", " ").split("\n").map(plain);
    return {
      text: readFileSync(join(from, "docsutf8", name), "utf8").replaceAll(/\s+/g, " "),
      phrases: new Set(phrases.filter((phrase) => phrase !== "")),
    };
  });
}

interface Ranking {
  name: string;
  rank: (found: Keyword[]) => Keyword[];
}

const rankings: Ranking[] = [
  { name: "in the order of the text", rank: (found) => found },
  {
    name: "the most frequent first",
    rank: (found) => found.toSorted((one, other) => other.count - one.count),
  },
  {
    name: "RAKE as published",
    rank: (found) =>
      found.toSorted((one, other) => other.score / other.count - one.score / one.count),
  },
  {
    name: "RAKE times count (the task)",
    rank: (found) => found.toSorted((one, other) => other.score - one.score),
  },
];

const documents = readDocuments(folder);
const stopWords = await loadStopWords("en");
const found = documents.map(({ text }) => {
  const counter = new KeywordCounter("en", stopWords, longest);
  counter.add(text);
  // As they were found: `best` sorts a copy, so a limit of all of them loses the order.
  return counter.best(Infinity);
});
const inOrder = found.map((phrases, at) => {
  const text = documents[at]?.text ?? "";
  return phrases.toSorted((one, other) => text.indexOf(one.phrase) - text.indexOf(other.phrase));
});

const rows: string[][] = [];
for (const { name, rank } of rankings) {
  for (const limit of [5, 10]) {
    let hits = 0;
    let given = 0;
    let wanted = 0;
    for (const [at, phrases] of inOrder.entries()) {
      const answers = new Set(
        rank(phrases)
          .slice(0, limit)
          .map(({ phrase }) => plain(phrase)),
      );
      const right = documents[at]?.phrases ?? new Set();
      hits += answers.intersection(right).size;
      given += answers.size;
      wanted += right.size;
    }
    const [precision, recall] = [hits / given, hits / wanted];
    const f1 = (2 * precision * recall) / (precision + recall);
    rows.push([name, `${limit}`, ...[precision, recall, f1].map((value) => value.toFixed(3))]);
  }
}
const figures = `${documents.length} abstracts.\n\n${table(
  ["candidates", "phrases", "precision", "recall", "F1"],
  rows,
)}`;
process.stdout.write(`${figures}\n`);
if (process.argv.includes("--write-card")) {
  writeFigures(new URL("../keywords.md", import.meta.url), figures);
}
