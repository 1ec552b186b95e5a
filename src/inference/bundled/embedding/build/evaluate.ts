// Measures the written model.onnx beside plain overlap of words, and fails below what is promised.
// Usage: node evaluate.ts CORPUS_FOLDER [SIMILARITY_FOLDER] [--write-card]
import { join } from "node:path";
import { table, writeFigures } from "../../../methods/build/card.ts";
import { readLines } from "../../language/build/corpus.ts";
import type { HeldOut, Pair } from "./collect-pairs.ts";
import {
  cosines,
  overlap,
  type RetrievalScore,
  scoreOverlap,
  scoreRetrieval,
  WordOverlap,
} from "./retrieval.ts";
import { embedAll } from "./run-model.ts";
import { correlation, readJudgedPairs } from "./similarity-files.ts";

const widths = [128, 64, 32];
/** By how much the mean reciprocal rank has to be above that of overlapping words. */
const promisedGain = 0.05;

const folders = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const [corpus, similarity] = folders;
if (corpus === undefined)
  throw new Error("usage: node evaluate.ts CORPUS [SIMILARITY] [--write-card]");
const heldOut = readLines<HeldOut>(join(corpus, "held-out.jsonl"));
const words = new WordOverlap(
  readLines<Pair>(join(corpus, "train.jsonl")).map(({ other }) => other),
);

function row(name: string, { first, firstTen, reciprocalRank }: RetrievalScore): string[] {
  return [name, ...[reciprocalRank, first, firstTen].map((value) => value.toFixed(3))];
}

const plain = scoreOverlap(heldOut, words);
const scores: RetrievalScore[] = [];
for (const width of widths) {
  const questions = await embedAll(
    heldOut.map(({ query }) => query),
    width,
  );
  const answers = await embedAll(
    heldOut.map(({ answer }) => answer),
    width,
  );
  scores.push(scoreRetrieval(heldOut.length, cosines(questions, answers, width)));
}
const best = scores[0] as RetrievalScore;
const sections = [
  `### Finding the other dictionary's definition\n\n${heldOut.length} words, each with a definition ` +
    `in Webster's of 1913 (the question) and one in WordNet (the answer, among those of all ` +
    `${heldOut.length}).\n\n${table(
      ["method", "mean reciprocal rank", "found first", "among the first ten"],
      [
        row("overlap of words, TF-IDF", plain),
        ...widths.map((width, index) =>
          row(`model, ${width} values`, scores[index] as RetrievalScore),
        ),
      ],
    )}`,
];
if (similarity !== undefined) sections.push(await similaritySection(similarity));

async function similaritySection(folder: string): Promise<string> {
  const rows: string[][] = [];
  const sums = [0, 0];
  const sets = readJudgedPairs(folder);
  for (const { name, likeness, ones, others } of sets) {
    const width = widths[0] as number;
    const cosine = cosines(await embedAll(ones, width), await embedAll(others, width), width);
    const byModel = correlation(
      likeness,
      ones.map((_, at) => cosine(at, at)),
    );
    const byWords = correlation(
      likeness,
      ones.map((one, at) => overlap(words.weigh(one), words.weigh(others[at] ?? ""))),
    );
    sums[0] = (sums[0] ?? 0) + byWords / sets.length;
    sums[1] = (sums[1] ?? 0) + byModel / sets.length;
    rows.push([name, `${likeness.length}`, byWords.toFixed(3), byModel.toFixed(3)]);
  }
  rows.push(["mean", "", ...sums.map((value) => value.toFixed(3))]);
  return (
    `### Likeness of sentences\n\nPearson's correlation with what people said, SemEval 2012 to 2016, ` +
    `without the files whose sentences are definitions.\n\n${table(
      ["file", "pairs", "overlap of words, TF-IDF", "model, 128 values"],
      rows,
    )}`
  );
}

const figures = sections.join("\n\n");
process.stdout.write(`${figures}\n`);
if (process.argv.includes("--write-card")) {
  writeFigures(new URL("../CARD.md", import.meta.url), figures);
}
if (best.reciprocalRank < plain.reciprocalRank + promisedGain) {
  process.stderr.write("below the promise: the model does not beat overlapping words\n");
  process.exitCode = 1;
}
