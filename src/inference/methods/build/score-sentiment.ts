import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SentimentTask } from "../../tasks/sentiment.ts";
import type { Lexicon } from "../../text/valence.ts";

interface Line {
  text: string;
  /** 1: positive, 0: negative. */
  class: number;
}

interface Score {
  sentences: number;
  answered: number;
  right: number;
}

const files = ["amazon", "imdb", "yelp"];

/** The figures of the card, as a table's rows, and the share of right answers over all files. */
export interface SentimentFigures {
  header: string[];
  rows: string[][];
  rightOfAnswered: number;
}

/** @param folder with amazon.json, imdb.json and yelp.json */
export async function scoreSentiment(
  folder: string,
  task: SentimentTask,
  lexicon: Lexicon,
): Promise<SentimentFigures> {
  const rows: string[][] = [];
  const total: Score = { sentences: 0, answered: 0, right: 0 };
  for (const file of files) {
    const lines = JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8")) as Line[];
    const sums = lines.map(({ text }) => addWords(text, lexicon));
    const plain = {
      sentences: lines.length,
      answered: sums.filter((sum) => sum !== 0).length,
      right: lines.filter((line, at) => (sums[at] ?? 0) * (line.class === 1 ? 1 : -1) > 0).length,
    };
    const told = await judge(task, lines, "en");
    const detected = await judge(task, lines, undefined);
    rows.push([file, "words added up", `${lines.length}`, ...shown(plain)]);
    rows.push([file, "the task, told that it is English", `${lines.length}`, ...shown(told)]);
    rows.push([file, "the task, language detected", `${lines.length}`, ...shown(detected)]);
    total.sentences += told.sentences;
    total.answered += told.answered;
    total.right += told.right;
  }
  rows.push(["all", "the task, told that it is English", `${total.sentences}`, ...shown(total)]);
  const header = ["file", "method", "sentences", "answered", "right of those", "right of all"];
  return { header, rows, rightOfAnswered: total.right / total.answered };
}

const percent = (part: number, whole: number): string => `${((100 * part) / whole).toFixed(1)} %`;
const shown = ({ sentences, answered, right }: Score): string[] => [
  percent(answered, sentences),
  percent(right, answered),
  percent(right, sentences),
];

/** The plain way: the lexicon's words added up, without what stands before them. */
function addWords(text: string, words: Lexicon): number {
  const found = text.toLowerCase().match(/[a-z'-]+/g) ?? [];
  return found.reduce(
    (sum, word) => sum + (Object.hasOwn(words, word) ? (words[word] ?? 0) : 0),
    0,
  );
}

async function judge(
  task: SentimentTask,
  lines: readonly Line[],
  language: string | undefined,
): Promise<Score> {
  const score = { sentences: lines.length, answered: 0, right: 0 };
  for (let start = 0; start < lines.length; start += 100) {
    const batch = lines.slice(start, start + 100);
    const texts = batch.map(({ text }) => text);
    const results = await task.judge(texts, { language }, { timeout: 60_000 });
    for (const [at, { label }] of results.entries()) {
      if (label !== "positive" && label !== "negative") continue;
      score.answered += 1;
      if ((label === "positive") === (batch[at]?.class === 1)) score.right += 1;
    }
  }
  return score;
}
