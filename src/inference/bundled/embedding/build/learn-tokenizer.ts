// Learns the tokenizer's pieces from the training texts and writes tokenizer.json.
// Usage: node learn-tokenizer.ts CORPUS_FOLDER
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readLines } from "../../language/build/corpus.ts";
import type { Pair } from "./collect-pairs.ts";
import { describeTokenizer, learnPieces } from "./vocabulary.ts";

const pieces = 16_000;
/** Words that occur more seldom are misprints and names for the most part. */
const leastCount = 5;

const [corpus] = process.argv.slice(2);
if (!corpus) throw new Error("usage: node learn-tokenizer.ts CORPUS_FOLDER");
const counts = new Map<string, number>();
const seen = new Set<string>();
for (const { one, other } of readLines<Pair>(join(corpus, "train.jsonl"))) {
  for (const text of [one, other]) {
    if (seen.has(text)) continue;
    seen.add(text);
    // What the tokenizer's own normalizer and splitter do, for the Latin script.
    const plain = text
      .normalize("NFD")
      .replaceAll(/\p{Mn}/gu, "")
      .toLowerCase();
    for (const word of plain.match(/[a-z]+|[0-9]+|[!-/:-@[-`{-~]/g) ?? []) {
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
}
for (const [word, count] of counts) if (count < leastCount) counts.delete(word);
const learned = learnPieces(counts, pieces - 2);
const file = new URL("../tokenizer.json", import.meta.url);
writeFileSync(file, `${JSON.stringify(describeTokenizer(learned), null, 2)}\n`);
process.stdout.write(`${counts.size} words, ${learned.length} pieces\n`);
